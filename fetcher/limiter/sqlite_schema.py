"""The tables of the SQLite store, and how its file is written."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value REAL NOT NULL);
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
    token TEXT PRIMARY KEY, granted_at REAL NOT NULL, platform TEXT NOT NULL, method TEXT NOT NULL,
    credential TEXT NOT NULL, accounts TEXT NOT NULL, cost INTEGER NOT NULL, wait_s REAL NOT NULL,
    outcome TEXT, ended_at REAL
);
CREATE INDEX IF NOT EXISTS ledger_by_time ON ledger (granted_at);
CREATE TABLE IF NOT EXISTS cache (
    key TEXT PRIMARY KEY, document TEXT NOT NULL, stored_at REAL NOT NULL, expires_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS cache_by_expiry ON cache (expires_at);
CREATE INDEX IF NOT EXISTS cache_by_age ON cache (stored_at);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at REAL NOT NULL);
"""

_DAMAGE = frozenset([sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_ERROR])


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file should be looked at: it is no database, is broken, or has lost its tables."""
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def prepare(path: Path, wait_s: float, *, check: bool) -> None:
    """Make what is missing of the file and its tables; with `check`, read all of it.

    Raises sqlite3.DatabaseError where the file is no sound database, OperationalError where that cannot be told.
    """
    if check and path.exists() and path.stat().st_size == 0:
        # Its tables cannot be made while somebody has it open, as this process has.
        raise sqlite3.DatabaseError("The file was emptied.")
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        use_write_ahead_log(connection, wait_s)
        connection.executescript(SCHEMA)
        if check and (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
    finally:
        connection.close()


def set_aside(path: Path, ending: str) -> None:
    """Give the file another name, and drop what belongs to it."""
    path.replace(path.with_name(f"{path.name}.{ending}"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def use_write_ahead_log(connection: sqlite3.Connection, wait_s: float) -> None:
    """Let readers go on while one process writes.

    SQLite answers "database is locked" at once, whatever the connection's own bound, where two processes change a new
    file's journal together: this tries again for `wait_s` seconds. Raises sqlite3.OperationalError.
    """
    end = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
