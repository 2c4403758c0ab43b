"""What one decision costs: a grant and its settlement, in memory, in SQLite and in Redis, in windows that are in use.

Beside SQLite stands what the disk needs for one durable write, beside Redis two round trips.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import redis
from prometheus_client import CollectorRegistry

from bench.redis_process import redis_process
from bench.report import Figure
from contracts.platforms import Platform
from fetcher.clock import SystemClock
from fetcher.limiter.decision import decide
from fetcher.limiter.handler import Call, Handler, Pass
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request
from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.rules import Limits
from fetcher.limiter.settlement import settle
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.state import State
from fetcher.limiter.store import Store
from fetcher.metrics import Metrics

_ROUNDS = 600
_WIDE = (
    "x.windows.users/by.limit=100000; x.budget.day_usd=0; x.budget.month_usd=0; instagram.spacing_s=0; "
    "instagram.windows.other.limit=100000"
)


def measure() -> list[Figure]:
    """Microseconds of one decision; what is spent on settling stands beside it."""
    limits = read_limits(overrides=_WIDE)
    with TemporaryDirectory() as folder, redis_process() as url:
        sqlite = _through(limits, SQLiteStore(Path(folder) / "store.sqlite3", SystemClock()))
        shared = _through(limits, RedisStore(url, "cost"))
        floor_s = median(_fsyncs(Path(folder) / "file"))
        ping = median(_pings(url))
    memory = _in_memory(limits)
    return [
        Figure("memory_us", memory[0], "us"),
        Figure("memory_settle_us", memory[1], "us"),
        Figure("sqlite_us", sqlite[0], "us", "", {"write and fsync of 4 KiB": floor_s}),
        Figure("sqlite_settle_us", sqlite[1], "us", "", {"write and fsync of 4 KiB": floor_s}),
        Figure("redis_us", shared[0], "us", "", {"two PINGs": 2 * ping}),
        Figure("redis_settle_us", shared[1], "us", "", {"two PINGs": 2 * ping}),
    ]


def _in_memory(limits: Limits) -> tuple[float, float]:
    """Instagram's window: nothing but our own count, so that the state is as large as it gets."""
    rules = limits.rules[Platform.INSTAGRAM]
    state, now, asked, settled = State(), 1.8e9, list[float](), list[float]()
    for number in range(20 * _ROUNDS):
        now += 0.05
        request = Request("web_profile_info", str(number))
        began = time.perf_counter()
        decision = decide(rules, state, request, now)
        between = time.perf_counter()
        assert isinstance(decision, Grant)
        state = settle(rules, decision.state, request, Answer(kind=AnswerKind.SERVED), now)
        asked.append(1e6 * (between - began))
        settled.append(1e6 * (time.perf_counter() - between))
    return median(asked), median(settled)


def _through(limits: Limits, store: Store) -> tuple[float, float]:
    handler = Handler(limits, store, SystemClock(), Metrics(CollectorRegistry()), secret=b"bench")
    call = Call(platform=Platform.INSTAGRAM, method="web_profile_info", credential="c", accounts=("a",), deadline=0.0)
    asked, settled = list[float](), list[float]()
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        decision, _now = handler.ask(call)
        between = time.perf_counter()
        assert isinstance(decision, Pass)
        handler.settle(decision, Answer(kind=AnswerKind.SERVED))
        asked.append(1e6 * (between - began))
        settled.append(1e6 * (time.perf_counter() - between))
    return median(asked), median(settled)


def _timed(action: Callable[[], object]) -> Iterator[float]:
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        action()
        yield 1e6 * (time.perf_counter() - began)


def _fsyncs(path: Path) -> list[float]:
    with path.open("wb") as file:

        def write() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return list(_timed(write))


def _pings(url: str) -> list[float]:
    with redis.Redis.from_url(url) as client:
        return list(_timed(client.ping))
