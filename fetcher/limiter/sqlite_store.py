"""The store of one machine: a SQLite file, each decision one immediate transaction.

Beside the file stands a marker. Its text says that an installation exists and how often its store was opened; its
modification time is that of the newest grant. No marker and no file: a new installation, whose windows are free. A
marker without the file, or with one that is older than the marker says: the store was lost or restored from a backup,
and every window counts as spent. A marker that was deleted together with the store cannot be told from a new
installation.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fetcher.errors import StoreUnavailable
from fetcher.limiter.state import State, from_text, to_text

Result = TypeVar("Result")

_SCHEMA = """
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
"""
_BUSY_S = 5.0
_SLACK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One granted request. `accounts` are keyed hashes, never handles; `cost` is the number of accounts asked for."""

    token: str
    granted_at: float
    platform: str
    method: str
    credential: str
    accounts: tuple[str, ...]
    cost: int
    wait_s: float


class SQLiteStore:
    """Opens (or creates) the store at `path`; `lost_at` says when what it knew before was last lost, if ever."""

    def __init__(self, path: Path, *, now: float) -> None:
        self._path = path
        self._marker = path.with_name(path.name + ".installed")
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lost_at = self._open(now)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StoreUnavailable(f"The store {path} cannot be opened: {error}") from error

    def change(self, key: str, new: State, change: Callable[[State], tuple[State | None, Result]]) -> Result:
        """Apply `change` to the state under `key` (`new` where there is none) in one transaction.

        `change` returns the state to store, or None to leave it. Raises StoreUnavailable.
        """
        with self._transaction() as connection:
            return self._change(connection, key, new, change)

    def grant(
        self, key: str, new: State, change: Callable[[State], tuple[State | None, Result]], row: LedgerRow
    ) -> Result:
        """As `change`; a stored state is a grant, and `row` enters the ledger with it."""
        with self._transaction() as connection:
            granted: list[bool] = []

            def watched(state: State) -> tuple[State | None, Result]:
                after, result = change(state)
                granted.append(after is not None)
                return after, result

            result = self._change(connection, key, new, watched)
            if granted[0]:
                connection.execute(
                    "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                    (
                        row.token, row.granted_at, row.platform, row.method, row.credential,
                        " ".join(row.accounts), row.cost, row.wait_s,
                    ),
                )  # fmt: skip
                connection.execute("INSERT OR REPLACE INTO about VALUES ('newest_grant', ?)", (row.granted_at,))
        if granted[0]:
            os.utime(self._marker, (row.granted_at, row.granted_at))
        return result

    def settle(
        self,
        key: str,
        new: State,
        change: Callable[[State], tuple[State | None, Result]],
        *,
        token: str,
        outcome: str,
        now: float,
    ) -> Result:
        """As `change`, and the ledger's row of `token` gets its outcome."""
        with self._transaction() as connection:
            connection.execute("UPDATE ledger SET outcome = ?, ended_at = ? WHERE token = ?", (outcome, now, token))
            return self._change(connection, key, new, change)

    def ledger(self) -> list[dict[str, object]]:
        """Every row, oldest first."""
        with self._transaction() as connection:
            cursor = connection.execute("SELECT * FROM ledger ORDER BY granted_at, rowid")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def prune(self, *, ledger_before: float, cache_before: float) -> None:
        """Forget old ledger rows and expired answers."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM ledger WHERE granted_at < ?", (ledger_before,))
            connection.execute("DELETE FROM cache WHERE expires_at <= ?", (cache_before,))

    def cached(self, keys: list[str], now: float) -> dict[str, str]:
        """The documents under `keys` that have not expired."""
        found: dict[str, str] = {}
        with self._transaction() as connection:
            for key in keys:
                row = connection.execute(
                    "SELECT document FROM cache WHERE key = ? AND expires_at > ?", (key, now)
                ).fetchone()
                if row is not None:
                    found[key] = row[0]
        return found

    def remember(self, documents: dict[str, str], *, now: float, expires_at: float, most: int) -> None:
        """Keep `documents` until `expires_at`; beyond `most` of them the oldest go."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?)",
                [(key, document, now, expires_at) for key, document in documents.items()],
            )
            (held,) = connection.execute("SELECT count(*) FROM cache").fetchone()
            if held > most:
                connection.execute(
                    "DELETE FROM cache WHERE key IN (SELECT key FROM cache ORDER BY stored_at LIMIT ?)", (held - most,)
                )

    def _change(
        self,
        connection: sqlite3.Connection,
        key: str,
        new: State,
        change: Callable[[State], tuple[State | None, Result]],
    ) -> Result:
        row = connection.execute("SELECT document FROM state WHERE key = ?", (key,)).fetchone()
        try:
            before = new if row is None else from_text(row[0])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("The store holds a state that cannot be read.") from error
        after, result = change(before)
        if after is not None:
            connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, to_text(after)))
        return result

    def _open(self, now: float) -> float | None:
        """Create what is missing; when the store's past was lost last, if ever."""
        marked, unreadable = self._marker.exists(), False
        expected = (float(self._marker.read_text() or 0), self._marker.stat().st_mtime) if marked else (0.0, 0.0)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            unreadable = True
            self._path.replace(self._path.with_name(f"{self._path.name}.unreadable-{now:.0f}"))
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._local = threading.local()
            self._prepare()
        with self._transaction() as connection:
            about = dict(connection.execute("SELECT name, value FROM about").fetchall())
            opens, newest = about.get("opens", 0.0), about.get("newest_grant", 0.0)
            lost = marked and (opens < expected[0] or (opens > 0 and newest > 0 and newest < expected[1] - _SLACK_S))
            if lost or unreadable:
                connection.execute("DELETE FROM state")
                connection.executemany(
                    "INSERT OR REPLACE INTO about VALUES (?, ?)", [("newest_grant", now), ("lost_at", now)]
                )
                newest, about["lost_at"] = now, now
            opens = max(opens, expected[0]) + 1
            connection.execute("INSERT OR REPLACE INTO about VALUES ('opens', ?)", (opens,))
        self._marker.write_text(f"{opens:.0f}")
        os.utime(self._marker, (newest, newest))
        return about.get("lost_at")

    def _prepare(self) -> None:
        connection = self._connection()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                raise StoreUnavailable(f"The store {self._path} was taken away.")
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"The store cannot be used: {error}") from error
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreUnavailable(f"The store cannot be used: {error}") from error
            raise
