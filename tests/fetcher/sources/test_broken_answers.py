"""Answers that end too early, cannot be unpacked, or hold what no platform says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from fetcher.clock import SystemClock
from fetcher.departures import Source
from fetcher.errand import Errand
from fetcher.limiter.handler import Handler
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.metrics import Metrics
from fetcher.sources.bearer_token import BearerToken
from fetcher.sources.instagram import InstagramSource
from fetcher.sources.results import Found
from fetcher.sources.transport import Line
from fetcher.sources.x import XSource

Sources = Callable[[str, Platform], Source]


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """A server that says this to everybody and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


@pytest.fixture
def open_source(tmp_path: Path) -> Sources:
    def open_source(url: str, platform: Platform) -> Source:
        clock = SystemClock()
        limits = read_limits(overrides="instagram.spacing_s=0")
        store = SQLiteStore(tmp_path / "store", clock)
        handler = Handler(limits, store, clock, Metrics(CollectorRegistry()), secret=b"s")
        line = Line(handler=handler, clock=clock, timeout_s=2, emulator_url=url)
        return XSource(BearerToken("token"), line) if platform is Platform.X else InstagramSource(line)

    return open_source


def said(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def moved(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


BROKEN = {
    "broken off": said(b'{"data": ', length=1000),
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "not packed": said(b"plain text", "Content-Encoding: gzip"),
    "deep": said(b"[" * 200_000),
    "elsewhere": moved("https://elsewhere.invalid/"),
    "nowhere": moved("https://[::/x"),
}


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_an_outcome_of_the_account(open_source: Sources, raw: bytes, platform: Platform) -> None:
    ref = ProfileRef(platform, handle="reg_one")
    with answering(raw) as url:
        found = open_source(url, platform).fetch([ref], Errand(deadline=time.time() + 5))[ref]
    assert found.outcome is Outcome.UPSTREAM_ERROR
    assert "record of past requests" not in found.detail


def test_x_is_followed_nowhere(open_source: Sources) -> None:
    """Each step would count as a request."""
    ref = ProfileRef(Platform.X, handle="reg_one")
    with answering(moved("https://api.twitter.com/2/users/by")) as url:
        source: Any = open_source(url, Platform.X)
        source.fetch([ref], Errand(deadline=time.time() + 5))
    assert len(source._line.handler._store.ledger()) == 1


def of_x(open_source: Sources, *users: object) -> list[Found]:
    refs = [ProfileRef(Platform.X, handle=name) for name in ("reg_one", "reg_two")]
    with answering(said(json.dumps({"data": users}).encode())) as url:
        found = open_source(url, Platform.X).fetch(refs, Errand(deadline=time.time() + 5))
    return [found[ref] for ref in refs]


def test_one_unreadable_account_spoils_no_other(open_source: Sources) -> None:
    whole = {"id": "2", "username": "reg_two", "public_metrics": {"followers_count": 5}}
    for spoilt in ({"id": "1", "username": "reg_one", "created_at": "yesterday"}, "reg_one", {"id": "1"}, None):
        one, two = of_x(open_source, spoilt, whole)
        assert one.outcome is Outcome.UPSTREAM_ERROR
        assert two.profile is not None
        assert two.profile.followers == 5


@pytest.mark.parametrize("count", [float("nan"), float("inf"), -5, 1e3, "many", 10**30, [], True])
def test_a_count_that_is_none_is_unknown_and_the_record_stays_readable(open_source: Sources, count: object) -> None:
    metrics = {"followers_count": count, "following_count": 7}
    one, _ = of_x(open_source, {"id": "1", "username": "reg_one", "name": "\ud800", "public_metrics": metrics})
    assert one.profile is not None
    assert (one.profile.followers, one.profile.following, one.profile.display_name) == (None, 7, None)
    assert Profile.from_json(json.loads(json.dumps(one.profile.to_json()))) == one.profile
