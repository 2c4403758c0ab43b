"""The store of one machine: a SQLite file, each decision one immediate transaction.

Beside the file stands a marker. Its text says that an installation exists and how often its store was opened; its
modification time is that of the newest grant. No marker and no file: a new installation, whose windows are free. A
marker without the file, or with one that is older than the marker says: the store was lost or restored from a backup,
and every window counts as spent. A marker that was deleted together with the store cannot be told from a new
installation. A file that is taken away, replaced or damaged while we run is opened anew, under the same rules.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from fetcher.clock import Clock
from fetcher.errors import StoreUnavailable
from fetcher.limiter.sqlite_marker import Marker
from fetcher.limiter.sqlite_schema import is_damage, prepare, set_aside
from fetcher.limiter.state import State, from_text, to_text
from fetcher.limiter.store import LOST, Change, Fresh, LedgerRow

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
_BUSY_S = 5.0
_SLACK_S = 1.0


class SQLiteStore:
    """Opens (or creates) the store at `path`; `lost_at` says when what it knew before was last lost, if ever."""

    one_clock = False

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._marker = Marker(path.with_name(path.name + ".installed"))
        self._local = threading.local()
        self._lock = threading.RLock()
        self._inode: tuple[int, int] | None = None
        self._is_damaged = False
        self._parsed: dict[str, tuple[str, State]] = {}
        self.lost_at: float | None = None
        with self._opening():
            self._open()

    def now(self) -> float:
        """The machine's clock."""
        return self._clock.now()

    def clock_id(self) -> str:
        """Not told: the handler watches the machine's clock itself."""
        return ""

    def change(self, key: str, fresh: Fresh, change: Change[Result]) -> Result:
        """Apply `change` to the state under `key` in one transaction."""
        with self._transaction() as connection:
            return self._change(connection, key, fresh, change)[0]

    def grant(self, key: str, fresh: Fresh, change: Change[Result], row: Callable[[float], LedgerRow]) -> Result:
        """As `change`; a stored state is a grant, and the row enters the ledger with it."""
        with self._transaction() as connection:
            result, granted, now = self._change(connection, key, fresh, change)
            if granted:
                entry = row(now)
                connection.execute(
                    "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                    (
                        entry.token, now, entry.platform, entry.method, entry.credential,
                        " ".join(entry.accounts), entry.cost, entry.wait_s,
                    ),
                )  # fmt: skip
                connection.execute("INSERT OR REPLACE INTO about VALUES ('newest_grant', ?)", (now,))
        if granted:
            self._marker.granted(now)
        return result

    def settle(self, key: str, fresh: Fresh, change: Change[Result], *, token: str, outcome: str) -> Result:
        """As `change`, and the ledger's row of `token` gets its outcome."""
        with self._transaction() as connection:
            result, _, now = self._change(connection, key, fresh, change)
            connection.execute("UPDATE ledger SET outcome = ?, ended_at = ? WHERE token = ?", (outcome, now, token))
            return result

    def ledger(self) -> list[dict[str, object]]:
        """Every row, oldest first."""
        with self._transaction() as connection:
            cursor = connection.execute("SELECT * FROM ledger ORDER BY granted_at, rowid")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def prune(self, *, ledger_s: float) -> None:
        """Forget old ledger rows, expired answers and claims."""
        now = self.now()
        with self._transaction(durable=False) as connection:
            connection.execute("DELETE FROM ledger WHERE granted_at < ?", (now - ledger_s,))
            connection.execute("DELETE FROM cache WHERE expires_at <= ?", (now,))
            connection.execute("DELETE FROM claims WHERE expires_at <= ?", (now,))

    def cached(self, keys: Sequence[str]) -> dict[str, str]:
        """The documents under `keys` that have not expired."""
        found: dict[str, str] = {}
        now, connection = self.now(), self._reader()
        try:
            # Each statement for itself: answers do not depend on each other, and readers wait for nobody.
            for key in keys:
                row = connection.execute(
                    "SELECT document FROM cache WHERE key = ? AND expires_at > ?", (key, now)
                ).fetchone()
                if row is not None:
                    found[key] = row[0]
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return found

    def remember(self, documents: Mapping[str, tuple[str, float]], *, most: int) -> None:
        """Keep each document until its time; beyond `most` of them the oldest go."""
        now = self.now()
        with self._transaction(durable=False) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?)",
                [(key, document, now, expires_at) for key, (document, expires_at) in documents.items()],
            )
            (held,) = connection.execute("SELECT count(*) FROM cache").fetchone()
            if held > most:
                connection.execute(
                    "DELETE FROM cache WHERE key IN (SELECT key FROM cache ORDER BY stored_at LIMIT ?)", (held - most,)
                )

    def forget(self, keys: Sequence[str]) -> None:
        """Drop documents."""
        with self._transaction(durable=False) as connection:
            connection.executemany("DELETE FROM cache WHERE key = ?", [(key,) for key in keys])
        # The log of changes still holds what was there before; whoever reads just now keeps it a little longer.
        with suppress(sqlite3.Error):
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def claim(self, keys: Sequence[str], owner: str, seconds: float) -> set[str]:
        """Those of `keys` that nobody else claims."""
        now, mine = self.now(), set()
        with self._transaction(durable=False) as connection:
            for key in keys:
                done = connection.execute(
                    "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, "
                    "expires_at = excluded.expires_at WHERE claims.expires_at <= ? OR claims.owner = excluded.owner",
                    (key, owner, now + seconds, now),
                )
                if done.rowcount:
                    mine.add(key)
        return mine

    def release(self, keys: Sequence[str], owner: str) -> None:
        """Give back what the owner claimed."""
        with self._transaction(durable=False) as connection:
            connection.executemany("DELETE FROM claims WHERE key = ? AND owner = ?", [(key, owner) for key in keys])

    def _change(
        self, connection: sqlite3.Connection, key: str, fresh: Fresh, change: Change[Result]
    ) -> tuple[Result, bool, float]:
        row = connection.execute("SELECT document FROM state WHERE key = ?", (key,)).fetchone()
        now = self.now()
        before = fresh(self.lost_at) if row is None else self._read(key, row[0])
        after, result = change(before, now)
        if after is not None:
            text = to_text(after)
            connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, text))
            self._parsed[key] = (text, after)
        return result, after is not None, now

    def _read(self, key: str, text: str) -> State:
        known = self._parsed.get(key)
        if known is not None and known[0] == text:
            return known[1]
        try:
            return from_text(text)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("The store holds a state that cannot be read.") from error

    @contextmanager
    def _opening(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StoreUnavailable(f"The store {self._path} cannot be opened: {error}") from error

    def _open(self) -> None:
        """Create what is missing, and find out whether the store's past was lost."""
        now = self.now()
        expected, unreadable = self._marker.read(), False
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            unreadable = True
            set_aside(self._path, f"unreadable-{now:.0f}")
            self._prepare()
        with self._committed(self._connection()) as connection:
            about = dict(connection.execute("SELECT name, value FROM about").fetchall())
            opens, newest = about.get("opens", 0.0), about.get("newest_grant", 0.0)
            older = opens > 0 and newest > 0 and expected is not None and newest < expected[1] - _SLACK_S
            lost = expected is not None and (opens < expected[0] or older)
            if lost or unreadable:
                _log.error(LOST)
                connection.execute("DELETE FROM state")
                connection.executemany(
                    "INSERT OR REPLACE INTO about VALUES (?, ?)", [("newest_grant", now), ("lost_at", now)]
                )
                newest, about["lost_at"] = now, now
            opens = max(opens, expected[0] if expected else 0.0) + 1
            connection.execute("INSERT OR REPLACE INTO about VALUES ('opens', ?)", (opens,))
        self._marker.write(opens, newest)
        self.lost_at = about.get("lost_at")

    def _prepare(self) -> None:
        prepare(self._path, _BUSY_S, check=self._is_damaged)
        found = self._path.stat()
        self._inode, self._is_damaged = (found.st_dev, found.st_ino), False

    def _connection(self) -> sqlite3.Connection:
        held: tuple[tuple[int, int] | None, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == self._inode:
            return held[1]
        if held is not None:
            held[1].close()
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        # Overwritten, so that the file holds nothing of an account that was deleted.
        connection.execute("PRAGMA secure_delete = ON")
        self._local.held = (self._inode, connection)
        return connection

    def _is_ours(self) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreUnavailable(f"The store {self._path} cannot be reached: {error.strerror}") from error
        return (found.st_dev, found.st_ino) == self._inode

    def _open_anew(self) -> None:
        """Open what stands at the path, where it is not what was opened or no longer sound; to be called in turn."""
        if self._is_damaged or not self._is_ours():
            with self._opening():
                self._open()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        # Threads of one process take turns here, because SQLite's own waiting is a sleep that grows.
        if not self._lock.acquire(timeout=_BUSY_S):
            raise StoreUnavailable("The store is busy.")
        try:
            yield
        finally:
            self._lock.release()

    def _reader(self) -> sqlite3.Connection:
        """A connection to read by, which waits for no writer."""
        if self._is_damaged or not self._is_ours():
            with self._in_turn():
                self._open_anew()
        return self._usable()

    def _usable(self) -> sqlite3.Connection:
        try:
            return self._connection()
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> StoreUnavailable:
        """What `error` is to the caller; where it tells of a damaged file, the next who comes looks at that."""
        self._is_damaged = self._is_damaged or is_damage(error)
        return StoreUnavailable(f"The store cannot be used: {error}")

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        with self._in_turn():
            self._open_anew()
            connection = self._usable()
            # Answers and claims may be lost with the machine's power; grants and what was settled may not.
            with self._committed(connection, "FULL" if durable else "NORMAL"):
                yield connection

    @contextmanager
    def _committed(self, connection: sqlite3.Connection, sync: str = "FULL") -> Iterator[sqlite3.Connection]:
        try:
            connection.execute(f"PRAGMA synchronous = {sync}")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._failure(error) from error
            raise
