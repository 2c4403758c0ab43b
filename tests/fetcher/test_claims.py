"""Claims that last as long as the lookup, and hardly longer than the process that looks up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fetcher.claims import Claims
from fetcher.clock import SystemClock
from fetcher.errors import StoreUnavailable
from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.store import Store

SECONDS = 12.0
PATIENCE_S = 60


class Pauses:
    """The sleep of whoever renews the claims: it lasts until the test lets time pass."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._begun = self._over = 0
        self._seconds = 0.0
        self._sleeper: threading.Thread | None = None

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self._seconds, self._sleeper = seconds, threading.current_thread()
            self._begun += 1
            mine = self._begun
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over >= mine, PATIENCE_S)

    def end_one(self) -> None:
        """Its time passes, and what follows it is done: the next pause has begun, or the thread has ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._begun > self._over, PATIENCE_S)
            sleeper = self._sleeper
            self._clock.time += self._seconds
            self._over += 1
            self._changed.notify_all()
        until = time.monotonic() + PATIENCE_S
        while sleeper is not None and sleeper.is_alive() and self._begun == self._over:
            assert time.monotonic() < until
            time.sleep(0.001)


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> Store:
    if request.param == "sqlite":
        return SQLiteStore(tmp_path / "store.sqlite3", clock)
    return RedisStore(request.getfixturevalue("redis_server").url, "test", marker=tmp_path / "marker", now=clock.now)


def test_a_claim_outlasts_its_own_time_while_it_is_held(store: Store, clock: Any) -> None:
    pauses = Pauses(clock)
    claims = Claims(store, seconds=SECONDS, sleep=pauses.sleep)
    assert claims.take(["a", "b"], "mine") == {"a", "b"}
    end = clock.time + 2 * SECONDS
    while clock.time < end:
        pauses.end_one()
        assert store.claim(["a", "b"], "another", SECONDS) == set()
    claims.drop("mine")
    assert store.claim(["a", "b"], "another", SECONDS) == {"a", "b"}
    pauses.end_one()


def test_what_was_dropped_is_not_renewed(store: Store, clock: Any) -> None:
    pauses = Pauses(clock)
    claims = Claims(store, seconds=SECONDS, sleep=pauses.sleep)
    claims.take(["a"], "first")
    claims.take(["b"], "second")
    claims.drop("first")
    assert store.claim(["a", "b"], "another", SECONDS) == {"a"}
    store.release(["a"], "another")
    pauses.end_one()
    assert store.claim(["a", "b"], "third", SECONDS) == {"a"}
    claims.drop("second")
    pauses.end_one()


def test_claims_are_kept_again_after_all_were_dropped(store: Store, clock: Any) -> None:
    pauses = Pauses(clock)
    claims = Claims(store, seconds=SECONDS, sleep=pauses.sleep)
    for _ in range(2):
        claims.take(["a"], "mine")
        for _ in range(4):
            pauses.end_one()
        assert store.claim(["a"], "another", SECONDS) == set()
        claims.drop("mine")
        # Nothing is held: the thread ends.
        pauses.end_one()


def test_others_take_over_from_a_process_that_was_killed(tmp_path: Path) -> None:
    path, seconds = tmp_path / "store.sqlite3", 0.2
    code = (
        "import os, signal, sys; from pathlib import Path; from fetcher.claims import Claims;"
        "from fetcher.clock import SystemClock; from fetcher.limiter.sqlite_store import SQLiteStore;"
        f"Claims(SQLiteStore(Path(sys.argv[1]), SystemClock()), seconds={seconds}).take(['a'], 'dead');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=60).returncode == -9
    store, until = SQLiteStore(path, SystemClock()), time.monotonic() + PATIENCE_S
    while not store.claim(["a"], "another", seconds):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_store_that_comes_back_gets_the_claims_again(redis_server: Any, tmp_path: Path, clock: Any) -> None:
    pauses = Pauses(clock)
    store = RedisStore(redis_server.url, "test", marker=tmp_path / "marker", now=clock.now)
    claims = Claims(store, seconds=SECONDS, sleep=pauses.sleep)
    claims.take(["a"], "mine")
    redis_server.stop()
    with pytest.raises(StoreUnavailable):
        claims.take(["b"], "other")
    pauses.end_one()
    redis_server.start()
    pauses.end_one()
    assert store.claim(["a"], "another", SECONDS) == set()
    claims.drop("mine")
    pauses.end_one()


def test_a_store_that_answers_one_owner_slowly_holds_no_other_up(tmp_path: Path, clock: Any) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    class SlowStore(SQLiteStore):
        def release(self, keys: Sequence[str], owner: str) -> None:
            if owner == "slow":
                hangs.set()
                goes_on.wait(PATIENCE_S)
            super().release(keys, owner)

    pauses, store = Pauses(clock), SlowStore(tmp_path / "store.sqlite3", clock)
    claims = Claims(store, seconds=SECONDS, sleep=pauses.sleep)
    claims.take(["a"], "slow")
    claims.take(["b"], "other")
    slow = threading.Thread(target=claims.drop, args=("slow",), daemon=True)
    slow.start()
    assert hangs.wait(PATIENCE_S)
    other = threading.Thread(target=claims.drop, args=("other",), daemon=True)
    other.start()
    other.join(PATIENCE_S)
    assert store.claim(["b"], "another", SECONDS) == {"b"}
    goes_on.set()
    slow.join(PATIENCE_S)
    assert store.claim(["a"], "another", SECONDS) == {"a"}
    pauses.end_one()
