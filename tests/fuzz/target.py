"""The running system as a target: requests byte for byte, and what must never be among the answers."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

from contracts.platforms import Platform
from contracts.profile_ref import InvalidReference, ProfileRef
from tests.fuzz.mutations import Shot

_TIMEOUT_S = 30
_HOSTS = {"x.com", "www.instagram.com"}
_BEFORE_US = b"<html>\n  <head>\n    <title>"
"""How gunicorn refuses what is no HTTP, or an address of more than 4094 bytes; no application sees these."""


class Target:
    """Keeps one connection to the gateway at `port`; `statuses` counts what was answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None
        self.statuses: Counter[int] = Counter()

    def fire(self, shot: Shot) -> None:
        """Send one request; raises AssertionError where the answer is one that nobody may get."""
        status, kind, body = self._send(shot)
        self.statuses[status] += 1
        assert status < 500, (status, shot, body[:500])
        # Doubled slashes are answered with the way to the address without them.
        if 300 <= status < 400:
            return
        if shot.path.startswith("/api/") and shot.method != "HEAD" and body:
            if kind == "application/x-ndjson" or (kind == "text/html" and body.startswith(_BEFORE_US)):
                return
            answer = json.loads(body)
            if status >= 400:
                assert kind == "application/problem+json", (kind, shot)
                assert answer["status"] == status
                assert answer["detail"]
            elif shot.path == "/api/v1/classify":
                assert urlsplit(answer["profile"]["url"]).hostname in _HOSTS, shot

    def _send(self, shot: Shot) -> tuple[int, str, bytes]:
        for attempt in (1, 2):
            connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
            self._connection = connection
            try:
                connection.putrequest(shot.method, shot.path)
                for name, value in shot.headers:
                    connection.putheader(name, value)
                if shot.body is not None:
                    connection.putheader("Content-Length", str(len(shot.body)))
                connection.endheaders(shot.body)
                answer = connection.getresponse()
                body = answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                # A kept connection may have been closed after the answer before.
                self.close()
                if attempt == 2:
                    raise
                continue
            if answer.will_close:
                self.close()
            return answer.status, (answer.getheader("Content-Type") or "").split(";")[0], body
        raise AssertionError("The loop returns or raises.")

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def parse(text: str) -> None:
    """Read a text as each platform and as none: a refusal with a sentence, or a reference that is safe to send."""
    for platform in (None, *Platform):
        with suppress(InvalidReference):
            ref = ProfileRef.parse(text, platform)
            assert urlsplit(ref.url).hostname in _HOSTS, text
            name = ref.handle if ref.handle is not None else ref.id
            assert name is not None
            assert name.isascii()
            assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_."), text
