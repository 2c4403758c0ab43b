from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fetcher.clock import SystemClock
from fetcher.errors import StoreUnavailable
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.state import State
from fetcher.limiter.store import LedgerRow

NOW = 1_700_000_000.0


@dataclass
class Given:
    """A clock that stands."""

    time: float

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def step(self) -> float:
        return 0.0


def opened(path: Path, time: float) -> SQLiteStore:
    return SQLiteStore(path, Given(time))


def fresh(_: float | None) -> State:
    return State()


def grant(store: SQLiteStore, token: str = "t") -> None:
    row = LedgerRow(token=token, platform="x", method="m", credential="c", accounts=(), cost=0, wait_s=0.0)
    store.grant("key", fresh, lambda state, _: (replace(state, latest=state.latest + 1), None), lambda _: row)


def latest(store: SQLiteStore) -> float:
    return store.change("key", fresh, lambda state, _: (None, state.latest))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "emulated.sqlite3"


def remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_a_store_that_was_deleted_is_lost_and_stays_so_over_the_next_restart(path: Path) -> None:
    grant(opened(path, NOW))
    remove(path)
    assert opened(path, NOW + 5).lost_at == NOW + 5
    assert opened(path, NOW + 6).lost_at == NOW + 5


def test_a_store_that_was_restored_from_a_backup_is_lost(path: Path, tmp_path: Path) -> None:
    store = opened(path, NOW)
    grant(store, "old")
    with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "backup") as target:
        source.backup(target)
    grant(opened(path, NOW + 100), "new")
    remove(path)
    shutil.copy(tmp_path / "backup", path)
    assert opened(path, NOW + 200).lost_at == NOW + 200


def test_a_file_that_is_no_database_is_set_aside_and_lost(path: Path) -> None:
    opened(path, NOW)
    remove(path)
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    assert opened(path, NOW + 1).lost_at == NOW + 1
    assert list(path.parent.glob("*.unreadable-*"))


def test_a_state_that_cannot_be_read_fails_closed(path: Path) -> None:
    store = opened(path, NOW)
    grant(store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE state SET document = '{}'")
    connection.close()
    with pytest.raises(StoreUnavailable):
        latest(store)


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        opened(tmp_path / "file" / "store.sqlite3", NOW)


def test_a_killed_process_loses_no_grant_that_it_was_given(path: Path) -> None:
    program = f"""
        import itertools
        from dataclasses import dataclass, replace
        from pathlib import Path
        from fetcher.clock import SystemClock
        from fetcher.limiter.sqlite_store import SQLiteStore
        from fetcher.limiter.state import State
        from fetcher.limiter.store import LedgerRow
        store = SQLiteStore(Path({str(path)!r}), SystemClock())
        for n in itertools.count():
            row = LedgerRow(token=str(n), platform="x", method="m", credential="c", accounts=(), cost=1, wait_s=0.0)
            store.grant("key", lambda _: State(), lambda state, _: (replace(state, latest=state.latest + 1), None),
                        lambda _: row)
            print(n + 1, flush=True)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for _ in range(50):
            given = int(run.stdout.readline())
        os.kill(run.pid, signal.SIGKILL)
        given = max([given, *(int(line) for line in run.stdout.read().split())])
    store = SQLiteStore(path, SystemClock())
    assert store.lost_at is None
    assert given <= latest(store) <= given + 1


def test_answers_are_read_while_a_decision_is_made(path: Path) -> None:
    store = opened(path, NOW)
    store.remember({"a": ("1", NOW + 5)}, most=10)

    def read_elsewhere(_: State, __: float) -> tuple[None, dict[str, str]]:
        return None, others.submit(store.cached, ["a", "b"]).result(timeout=3)

    with ThreadPoolExecutor(1) as others:
        assert store.change("key", fresh, read_elsewhere) == {"a": "1"}


def test_a_marker_that_was_taken_away_while_it_runs_is_made_again(path: Path) -> None:
    store = opened(path, NOW)
    grant(store)
    marker = path.with_name(path.name + ".installed")
    marker.unlink()
    grant(store, "2")
    assert marker.exists()
    remove(path)
    assert opened(path, NOW + 1).lost_at == NOW + 1


def test_a_marker_that_cannot_be_written_stops_no_grant(path: Path) -> None:
    store = opened(path, NOW)
    marker = path.with_name(path.name + ".installed")
    marker.unlink()
    path.with_name(marker.name + ".new").mkdir()
    grant(store)
    assert latest(store) == 1


def spoil(path: Path, what: str) -> None:
    """As a failing disk or a careless hand does: the same file, other bytes."""
    for file in (path, path.with_name(path.name + "-wal")):
        size = max(file.stat().st_size, 8192) if file.exists() else 0
        with file.open("r+b") as opened_file:
            if what == "emptied":
                opened_file.truncate(0)
            else:
                opened_file.write(b"no database " * (size // 12))


@pytest.mark.parametrize("what", ["emptied", "overwritten"])
def test_a_file_that_is_damaged_while_it_runs_is_lost_and_work_goes_on(path: Path, what: str) -> None:
    store = opened(path, NOW)
    grant(store)
    spoil(path, what)
    # A connection of its own, as each thread has: the one that wrote last still remembers what it wrote.
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(StoreUnavailable):
            pool.submit(grant, store, "after").result()
        pool.submit(grant, store, "later").result()
    assert store.lost_at == NOW
    assert latest(store) == 1
    assert opened(path, NOW + 1).lost_at == NOW
