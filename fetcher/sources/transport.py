"""The requests adapter under both client libraries: whatever they send, the rate-limit handler grants it first.

The libraries stay unmodified; their sessions get this adapter. It refuses every host but the platform's own, bounds
every request in time, and remembers the last answer, from which the source tells what became of an account. With
emulated platforms the same requests go to `EMULATOR_URL`, with the real host in the Host header.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import BaseAdapter, HTTPAdapter

from contracts.platforms import Platform
from fetcher.clock import Clock
from fetcher.errand import Errand
from fetcher.errors import ForeignHost
from fetcher.limiter.handler import Call, Handler, Pass
from fetcher.limiter.messages import Answer, AnswerKind

_LEAST_TIMEOUT_S = 0.5
_ATTEMPTS = 3
_BACKOFF_S = 0.3
_CHUNK = 1 << 16
_MOST_BYTES = 16 << 20
_TRACING = ("traceparent", "tracestate", "baggage")
"""What our own tracing adds to a request is no platform's business."""


@dataclass(slots=True)
class Exchange:
    """One lookup: which accounts (`ProfileRef.key`) it is for, on which errand, and the last answer.

    `passed` is the errand's grant until a request uses it.
    """

    accounts: tuple[str, ...]
    errand: Errand
    passed: Pass | None = None
    method: str | None = None
    last: requests.Response | None = None


_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


@contextmanager
def exchange(accounts: tuple[str, ...], errand: Errand, line: Line) -> Iterator[Exchange]:
    """Whatever this thread sends inside belongs to the exchange that this yields; an unused grant is given back."""
    current = Exchange(accounts, errand, errand.passed)
    token = _CURRENT.set(current)
    try:
        yield current
    finally:
        _CURRENT.reset(token)
        if current.passed is not None:
            line.handler.settle(current.passed, Answer(kind=AnswerKind.UNSENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a source knows of its platform's HTTP: its hosts, which method a path is, and what an answer means."""

    platform: Platform
    hosts: frozenset[str]
    method_of: Callable[[str], str]
    read: Callable[[requests.Response], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How requests leave: with which clock, time-out and, for emulated platforms, where to."""

    handler: Handler
    clock: Clock
    timeout_s: float
    emulator_url: str | None = None


class LimitedAdapter(BaseAdapter):
    """Sends through the handler. Mounted at https:// and http://, so that nothing goes around it."""

    def __init__(self, site: Site, line: Line, credential: str) -> None:
        super().__init__()
        self.site = site
        self.line = line
        self.credential = credential
        self._inner = HTTPAdapter() if line.emulator_url is None else _EmulatorAdapter(line.emulator_url)

    def send(  # noqa: PLR0917 - requests calls it so.
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the body is part of the answer, and of the time it may take.
        timeout: Any = None,  # noqa: ARG002 - ours is never longer than what is left of the deadline.
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """As HTTPAdapter does; raises Refused, StoreUnavailable or ForeignHost where nothing was sent."""
        address = urlsplit(request.url or "")
        if address.hostname not in self.site.hosts or address.scheme != "https":
            raise ForeignHost(f"A request for {address.hostname} was not sent.")
        for name in _TRACING:
            request.headers.pop(name, None)
        current = _CURRENT.get()
        current.method = self.site.method_of(str(address.path))
        call = Call(
            platform=self.site.platform,
            method=current.method,
            credential=self.credential,
            accounts=current.accounts,
            deadline=current.errand.deadline,
            person=current.errand.person,
            tickets=current.errand.tickets,
        )

        def post() -> requests.Response:
            left = max(_LEAST_TIMEOUT_S, min(self.line.timeout_s, call.deadline - self.line.clock.now()))
            response = self._inner.send(request, True, left, verify, cert, proxies)
            _read_body(response, left)
            current.last = response
            return response

        for attempt in range(1, _ATTEMPTS + 1):
            current.last, passed, current.passed = None, current.passed, None
            pause = _BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
            is_last = attempt == _ATTEMPTS or self.line.clock.now() + pause > call.deadline
            try:
                response = self.line.handler.send(call, post, self.site.read, passed)
            except requests.ConnectionError:
                if is_last:
                    raise
            else:
                if response.status_code < 500 or is_last:
                    return response
            self.line.clock.sleep(pause)
        raise AssertionError("The last attempt returns or raises.")

    def close(self) -> None:
        """Close the connections underneath."""
        self._inner.close()


class _EmulatorAdapter(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url.rstrip("/")

    def send(  # noqa: PLR0917 - requests calls it so.
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - proxies are for the world outside.
    ) -> requests.Response:
        address = urlsplit(request.url or "")
        redirected = request.copy()
        redirected.url = f"{self._url}{address.path or '/'}{'?' + str(address.query) if address.query else ''}"
        redirected.headers["Host"] = str(address.hostname)
        response = super().send(redirected, stream, timeout, verify, cert, {})
        response.url, response.request = str(request.url), request
        return response


def _read_body(response: requests.Response, seconds: float) -> None:
    """Read the whole body within `seconds`, however slowly it drips.

    Raises requests' own errors, as the libraries expect: ReadTimeout, ConnectionError where it was broken off, and
    ContentDecodingError.
    """
    until, body = time.monotonic() + seconds, bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if time.monotonic() > until or len(body) > _MOST_BYTES:
                raise requests.ReadTimeout("The answer was too slow or too long.")
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout("The answer was too slow.") from error
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError("The answer cannot be unpacked.") from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError("The answer was broken off.") from error
    finally:
        # A body that was read to its end has given the connection back by now.
        response.close()
    response._content, response._content_consumed = bytes(body), True  # type: ignore[attr-defined]


def limited_session(session: requests.Session, site: Site, line: Line, credential: str) -> requests.Session:
    """`session`, from now on sending through the handler only."""
    adapter = LimitedAdapter(site, line, credential)
    session.adapters.clear()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if line.emulator_url is not None:
        session.trust_env = False
    return session
