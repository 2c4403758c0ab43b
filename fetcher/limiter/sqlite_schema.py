"""The tables of the SQLite store, and how its file is written."""

from __future__ import annotations

import sqlite3
import time

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
