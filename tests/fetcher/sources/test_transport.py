"""What the adapter under both libraries does with slow, broken and foreign answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.clock import SystemClock
from fetcher.errand import Errand
from fetcher.errors import ForeignHost
from fetcher.limiter.handler import Handler
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.metrics import Metrics
from fetcher.sources.bearer_token import BearerToken
from fetcher.sources.transport import Line, exchange, limited_session
from fetcher.sources.x import SITE, XSource

REF = ProfileRef(Platform.X, handle="reg_one")


@pytest.fixture
def line(tmp_path: Path) -> Callable[..., Line]:
    def line(url: str, timeout_s: float = 8.0) -> Line:
        clock = SystemClock()
        handler = Handler(
            read_limits(), SQLiteStore(tmp_path / "s", clock), clock, Metrics(CollectorRegistry()), secret=b"s"
        )
        return Line(handler=handler, clock=clock, timeout_s=timeout_s, emulator_url=url)

    return line


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends its body byte by byte, for ever."""
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not stop.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_an_answer_that_drips_ends_at_the_time_out(line: Callable[..., Line]) -> None:
    with dripping() as url:
        found = XSource(BearerToken("token"), line(url, 0.6)).fetch([REF], Errand(deadline=time.time() + 1000))[REF]
    assert found.outcome is Outcome.UPSTREAM_ERROR


def test_a_5xx_is_tried_again_and_every_try_counts(line: Callable[..., Line], site: Any) -> None:
    site.emulator.faults[Platform.X].order("*", "server-error", 2)
    source = XSource(BearerToken("token"), line(site.url))
    found = source.fetch([REF], Errand(deadline=time.time() + 10))[REF]
    assert found.outcome is Outcome.OK
    rows = source._line.handler._store.ledger()
    assert [row["outcome"] for row in rows] == ["failed", "failed", "served"]


def test_a_refusal_is_not_tried_again(line: Callable[..., Line], site: Any) -> None:
    site.emulator.faults[Platform.X].order("*", "bad-request", 1)
    found = XSource(BearerToken("token"), line(site.url)).fetch([REF], Errand(deadline=time.time() + 10))[REF]
    assert found.outcome is Outcome.UPSTREAM_ERROR
    assert site.requests(Platform.X) == {"users_by_username": 1}


@pytest.mark.parametrize("address", ["https://elsewhere.invalid/2/users/by", "http://api.twitter.com/2/users/by"])
def test_no_other_host_is_reached(line: Callable[..., Line], site: Any, address: str) -> None:
    there = line(site.url)
    session = limited_session(requests.Session(), SITE, there, "c")
    with exchange(("x",), Errand(deadline=time.time() + 1), there), pytest.raises(ForeignHost):
        session.get(address)
    assert site.requests(Platform.X) == {}
