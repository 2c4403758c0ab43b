from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from fetcher.errors import StoreUnavailable
from fetcher.limiter.sqlite_store import LedgerRow, SQLiteStore
from fetcher.limiter.state import State

NOW = 1_700_000_000.0


def row(token: str = "t", granted_at: float = NOW) -> LedgerRow:
    return LedgerRow(
        token=token,
        granted_at=granted_at,
        platform="x",
        method="users_by_id",
        credential="c",
        accounts=("hash",),
        cost=1,
        wait_s=0.0,
    )


def grant(store: SQLiteStore, token: str = "t", granted_at: float = NOW) -> None:
    store.grant("key", State(), lambda state: (replace(state, latest=state.latest + 1), None), row(token, granted_at))


def latest(store: SQLiteStore) -> float:
    return store.change("key", State(), lambda state: (None, state.latest))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "emulated.sqlite3"


def remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_a_new_installation_is_free(path: Path) -> None:
    assert SQLiteStore(path, now=NOW).lost_at is None


def test_state_and_ledger_survive_a_restart(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    grant(store)
    store.settle("key", State(), lambda state: (state, None), token="t", outcome="served", now=NOW + 1)
    again = SQLiteStore(path, now=NOW + 2)
    assert again.lost_at is None
    assert latest(again) == 1
    (entry,) = again.ledger()
    assert (entry["token"], entry["outcome"], entry["ended_at"]) == ("t", "served", NOW + 1)


def test_a_store_that_was_deleted_is_lost_and_stays_so_over_the_next_restart(path: Path) -> None:
    grant(SQLiteStore(path, now=NOW))
    remove(path)
    assert SQLiteStore(path, now=NOW + 5).lost_at == NOW + 5
    assert SQLiteStore(path, now=NOW + 6).lost_at == NOW + 5


def test_a_store_that_was_restored_from_a_backup_is_lost(path: Path, tmp_path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    grant(store, "old", NOW)
    with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "backup") as target:
        source.backup(target)
    grant(store, "new", NOW + 100)
    remove(path)
    shutil.copy(tmp_path / "backup", path)
    assert SQLiteStore(path, now=NOW + 200).lost_at == NOW + 200


def test_a_file_that_is_no_database_is_set_aside_and_lost(path: Path) -> None:
    SQLiteStore(path, now=NOW)
    remove(path)
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    assert SQLiteStore(path, now=NOW + 1).lost_at == NOW + 1
    assert list(path.parent.glob("*.unreadable-*"))


def test_a_state_that_cannot_be_read_fails_closed(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    grant(store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE state SET document = '{}'")
    connection.close()
    with pytest.raises(StoreUnavailable):
        latest(store)


def test_a_store_that_is_taken_away_while_running_fails_closed(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    remove(path)
    with pytest.raises(StoreUnavailable):
        grant(store)


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        SQLiteStore(tmp_path / "file" / "store.sqlite3", now=NOW)


def test_a_change_that_raises_leaves_nothing_behind(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    with pytest.raises(ZeroDivisionError):
        store.change("key", State(), lambda state: (replace(state, latest=1 / 0), None))
    assert latest(store) == 0


def test_no_change_of_many_threads_is_lost(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    threads = [Thread(target=lambda n=n: [grant(store, f"{n}-{i}") for i in range(10)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert latest(store) == 80
    assert len(store.ledger()) == 80


def test_a_killed_process_loses_no_grant_that_it_was_given(path: Path) -> None:
    program = f"""
        import sys
        from dataclasses import replace
        from pathlib import Path
        from fetcher.limiter.sqlite_store import LedgerRow, SQLiteStore
        from fetcher.limiter.state import State
        store = SQLiteStore(Path({str(path)!r}), now={NOW})
        for n in range(100000):
            row = LedgerRow(token=str(n), granted_at={NOW} + n, platform="x", method="m", credential="c",
                            accounts=(), cost=1, wait_s=0.0)
            store.grant("key", State(), lambda state: (replace(state, latest=state.latest + 1), None), row)
            print(n + 1, flush=True)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for _ in range(50):
            given = int(run.stdout.readline())
        os.kill(run.pid, signal.SIGKILL)
        given = max([given, *(int(line) for line in run.stdout.read().split())])
    store = SQLiteStore(path, now=NOW + 1e6)
    assert store.lost_at is None
    assert given <= latest(store) <= given + 1


def test_old_rows_and_expired_answers_are_pruned(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    grant(store, "old", NOW)
    grant(store, "new", NOW + 10)
    store.remember({"a": "1"}, now=NOW, expires_at=NOW + 5, most=10)
    store.prune(ledger_before=NOW + 5, cache_before=NOW + 6)
    assert [entry["token"] for entry in store.ledger()] == ["new"]
    assert store.cached(["a"], NOW) == {}


def test_the_cache_is_bounded_and_the_oldest_go_first(path: Path) -> None:
    store = SQLiteStore(path, now=NOW)
    for number in range(5):
        store.remember({str(number): "x"}, now=NOW + number, expires_at=NOW + 100, most=3)
    assert set(store.cached(list("01234"), NOW + 10)) == {"2", "3", "4"}
