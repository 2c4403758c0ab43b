"""Opening one SQLite file from several threads or processes at once."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gateway.database import use_write_ahead_log

OPENERS = 4


def test_openers_of_a_new_file_wait_for_each_other(tmp_path: Path) -> None:
    barrier = Barrier(OPENERS)

    def journal_mode(path: Path) -> str:
        connection = sqlite3.connect(path, timeout=2, isolation_level=None)
        barrier.wait(timeout=10)
        use_write_ahead_log(connection, 5)
        connection.execute("CREATE TABLE IF NOT EXISTS seen (at REAL)")
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
        connection.close()
        return mode

    with ThreadPoolExecutor(OPENERS) as pool:
        # Without waiting, about one file in ten refuses one of its openers.
        for number in range(100):
            path = tmp_path / f"{number}.db"
            assert list(pool.map(journal_mode, [path] * OPENERS)) == ["wal"] * OPENERS


def test_the_wait_has_a_bound(tmp_path: Path) -> None:
    held, waiting = (sqlite3.connect(tmp_path / "held.db", timeout=0, isolation_level=None) for _ in range(2))
    held.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_write_ahead_log(waiting, 0.1)
    assert 0.1 <= time.monotonic() - began < 5
    held.close()
    waiting.close()


def test_what_is_not_a_lock_is_raised_at_once(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database, but long enough to be read as the head of one" * 9)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_write_ahead_log(connection, 60)
    connection.close()
