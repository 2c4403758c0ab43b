"""Opening one SQLite file from several threads or processes at once."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.batches.transactions import Transactions
from gateway.database import failure_of, open_database, use_write_ahead_log
from gateway.errors import DatabaseUnavailableError

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


def test_a_file_that_was_replaced_is_left_for_the_one_in_its_place(tmp_path: Path) -> None:
    """As when a copy is put back while the gateway runs: nothing may be written where nobody will find it."""
    path = tmp_path / "gateway.db"
    engine = open_database(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen (what TEXT)")
    copy = open_database(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen (what TEXT)")
    copy.dispose()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    (tmp_path / "copy.db").replace(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO seen VALUES ('here')")
    engine.dispose()
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT what FROM seen").fetchall() == [("here",)]


def test_a_file_that_was_taken_away_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    engine = open_database(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen (what TEXT)")
    path.unlink()
    with pytest.raises(OperationalError, match="no such table"), engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO seen VALUES ('nowhere')")
    engine.dispose()


def test_the_log_says_why_the_database_cannot_be_used_and_quotes_no_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gateway.db"
    path.write_text("no database, but long enough to be read as the head of one" * 9)
    store = Transactions(open_database(f"sqlite:///{path}"), lambda: 0.0)
    with pytest.raises(DatabaseUnavailableError), store.reading():
        pass
    fields = caplog.records[-1].__dict__["fields"]
    assert fields == {"error": "file is not a database"}
    failure_of(IntegrityError("INSERT", {}, ValueError("reg_one stands there twice")))
    assert caplog.records[-1].__dict__["fields"] == {"error": "IntegrityError"}
