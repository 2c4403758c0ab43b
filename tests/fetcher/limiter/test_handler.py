from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.platforms import Platform
from fetcher.errors import Refused, StoreUnavailable
from fetcher.limiter.handler import Call, Handler
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.rules import Limits
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.metrics import Metrics

SERVED = Answer(kind=AnswerKind.SERVED)


def small(limit: int) -> Limits:
    """The default limits with every window of `limit` requests and no pacing."""
    limits = read_limits()
    rules = {
        platform: replace(
            each,
            windows=tuple(replace(window, limit=limit) for window in each.windows),
            pace_from_share=0.0,
            spacing_s=0.0,
        )
        for platform, each in limits.rules.items()
    }
    return replace(limits, rules=rules)


@pytest.fixture
def build(tmp_path: Path, clock: Any) -> Callable[..., Handler]:
    def build(limit: int = 3, registry: CollectorRegistry | None = None) -> Handler:
        store = SQLiteStore(tmp_path / "store.sqlite3", clock)
        return Handler(small(limit), store, clock, Metrics(registry or CollectorRegistry()), secret=b"secret")

    return build


def call(clock: Any, seconds: float = 10.0, method: str = "web_profile_info") -> Call:
    return Call(
        platform=Platform.INSTAGRAM,
        method=method,
        credential="c",
        accounts=("instagram:@some_handle",),
        deadline=clock.now() + seconds,
    )


def test_a_short_wait_is_slept_through_the_clock(build: Callable[..., Handler], clock: Any) -> None:
    handler = build(limit=1)
    handler.send(call(clock), lambda: "first", lambda _: SERVED)
    clock.time += 690
    assert handler.send(call(clock), lambda: "second", lambda _: SERVED) == "second"
    assert 0 < sum(clock.slept) < 10


def test_a_wait_beyond_the_deadline_is_refused_without_sleeping(build: Callable[..., Handler], clock: Any) -> None:
    handler = build(limit=1)
    handler.send(call(clock), lambda: "first", lambda _: SERVED)
    with pytest.raises(Refused) as caught:
        handler.send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)
    assert caught.value.reason == "window"
    assert 650 < caught.value.until - clock.now() < 700
    assert clock.slept == []


def test_limits_hold_over_a_restart(build: Callable[..., Handler], clock: Any) -> None:
    for _ in range(3):
        build(limit=3).send(call(clock), lambda: None, lambda _: SERVED)
    with pytest.raises(Refused):
        build(limit=3).send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)


def test_requests_that_fail_still_count(build: Callable[..., Handler], clock: Any) -> None:
    handler = build(limit=1)
    with pytest.raises(ConnectionError):
        handler.send(call(clock), lambda: (_ for _ in ()).throw(ConnectionError()), lambda _: SERVED)
    with pytest.raises(Refused):
        handler.send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)


def test_many_threads_send_no_more_than_the_limit(build: Callable[..., Handler], clock: Any) -> None:
    handler, sent = build(limit=5), []

    def run() -> None:
        for _ in range(4):
            try:
                handler.send(call(clock), lambda: sent.append(1), lambda _: SERVED)
            except Refused:
                continue

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 5


def test_the_ledger_names_no_account(build: Callable[..., Handler], clock: Any, tmp_path: Path) -> None:
    build().send(call(clock), lambda: None, lambda _: SERVED)
    (entry,) = SQLiteStore(tmp_path / "store.sqlite3", clock).ledger()
    assert entry["outcome"] == "served"
    assert (entry["platform"], entry["method"], entry["cost"]) == ("instagram", "web_profile_info", 0)
    assert len(str(entry["accounts"])) == 16
    assert "some_handle" not in str(entry)


def test_a_store_that_fails_sends_nothing(build: Callable[..., Handler], clock: Any, tmp_path: Path) -> None:
    handler = build()
    for file in tmp_path.glob("store.sqlite3*"):
        file.unlink()
    (tmp_path / "store.sqlite3").mkdir()
    with pytest.raises(StoreUnavailable):
        handler.send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)


def test_a_lost_store_waits_out_every_window(build: Callable[..., Handler], clock: Any, tmp_path: Path) -> None:
    build().send(call(clock), lambda: None, lambda _: SERVED)
    for file in tmp_path.glob("store.sqlite3*"):
        if not file.name.endswith(".installed"):
            file.unlink()
    with pytest.raises(Refused) as caught:
        build().send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)
    assert caught.value.reason == "lost-store"
    clock.time = caught.value.until
    assert build().send(call(clock), lambda: "again", lambda _: SERVED) == "again"


def test_a_clock_that_is_set_counts_as_windows_spent(build: Callable[..., Handler], clock: Any) -> None:
    handler = build()
    handler.send(call(clock), lambda: None, lambda _: SERVED)
    clock.time += 5000
    clock.stepped = 5000
    with pytest.raises(Refused):
        handler.send(call(clock), lambda: pytest.fail("was sent"), lambda _: SERVED)


def test_outcomes_and_waits_are_metrics(build: Callable[..., Handler], clock: Any) -> None:
    registry = CollectorRegistry()
    handler = build(limit=1, registry=registry)
    handler.send(call(clock), lambda: None, lambda _: SERVED)
    with pytest.raises(Refused):
        handler.send(call(clock), lambda: None, lambda _: SERVED)
    labels = {"platform": "instagram", "method": "web_profile_info"}
    assert registry.get_sample_value("rollcall_fetcher_upstream_requests_total", {**labels, "outcome": "served"}) == 1
    assert registry.get_sample_value("rollcall_fetcher_request_accounts_count", labels) == 1
    assert registry.get_sample_value("rollcall_fetcher_limiter_refused_total", {**labels, "reason": "window"}) == 1
    assert (
        registry.get_sample_value("rollcall_fetcher_limiter_wait_seconds_count", {**labels, "priority": "person"}) == 1
    )
