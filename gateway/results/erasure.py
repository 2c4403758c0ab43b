"""Deletes everything of an account at once, and sees to it that nothing of it comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from contracts.profile_ref import ProfileRef
from gateway.errors import DatabaseUnavailableError, FetcherUnreachableError
from gateway.metrics import Metrics
from gateway.results.accounts import AccountHashes
from gateway.results.store import reading, writing
from gateway.results.tombstones import (
    EVERYBODY,
    Tombstone,
    all_tombstones,
    append_to_file,
    bury,
    read_file,
    take_ground,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Buried:
    """What the tombstones say: hash and owner -> until when everything is to go."""

    hashes: AccountHashes
    times: Mapping[tuple[str, str], float]

    def takes(self, names: Sequence[ProfileRef], owner: str, made_at: float) -> bool:
        """Whether what `owner` had of the account with these names since `made_at` must go."""
        return any(self.takes_hash(self.hashes.of(name), owner, made_at) for name in names)

    def takes_hash(self, account_hash: str | None, owner: str, made_at: float) -> bool:
        """The same by one of its hashes."""
        if account_hash is None:
            return False
        return any(self.times.get((account_hash, whose), float("-inf")) >= made_at for whose in (EVERYBODY, owner))


class Eraser(Protocol):
    """One place where something of accounts is kept; it works in the transaction that it is given.

    `owner` None is everybody.
    """

    place: str

    def names(self, connection: sa.Connection, names: Sequence[ProfileRef]) -> set[ProfileRef]:
        """The further names by which it knows the account, whoever asked for it."""

    def erase(self, connection: sa.Connection, names: Sequence[ProfileRef], owner: str | None) -> int:
        """Delete what is kept under any of `names`; how many things that were."""

    def erase_buried(self, connection: sa.Connection, buried: Buried) -> int:
        """Delete what tombstones say must go, after a restore."""


class Forgetter(Protocol):
    """The fetcher, as far as deleting needs it."""

    def forget(self, refs: Sequence[ProfileRef], request_id: str) -> int:
        """Drop the accounts from its cache; raises FetcherUnreachableError."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted in each place; `fetcher` None where its cache is not to be touched, False where it was not."""

    counts: Mapping[str, int]
    fetcher: bool | None
    at: float


class Erasure:
    """Deletes accounts; `now` is seconds since the epoch, `path` the file of tombstones."""

    def __init__(
        self,
        engine: sa.Engine,
        hashes: AccountHashes,
        erasers: Sequence[Eraser],
        fetcher: Forgetter,
        metrics: Metrics,
        *,
        path: Path | None,
        now: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._hashes = hashes
        self._erasers = erasers
        self._fetcher = fetcher
        self._metrics = metrics
        self._path = path
        self._now = now

    def erase(self, refs: Sequence[ProfileRef], owner: str | None, request_id: str, *, reason: str = "asked") -> Erased:
        """Delete everything of the accounts that `owner` has, or that anybody and the fetcher have where it is None.

        Raises DatabaseUnavailableError with nothing deleted.
        """
        with writing(self._engine) as connection:
            take_ground(connection)
            at = self._now()
            known = self._all_names(connection, refs)
            stones = [
                Tombstone(self._hashes.of(name), owner or EVERYBODY, at, reason, self._hashes.key_id) for name in known
            ]
            self._write_down(stones)
            bury(connection, stones)
            counts = {eraser.place: eraser.erase(connection, known, owner) for eraser in self._erasers}
        for place, count in counts.items():
            self._metrics.erased.labels(place, reason).inc(count)
        self._empty_log()
        return Erased(counts, None if owner else self._forget(known, request_id), at)

    def reapply(self, stones: Sequence[Tombstone] | None = None) -> dict[str, int]:
        """Delete again what tombstones say must go: those of the database, of its file, and `stones`.

        Raises DatabaseUnavailableError.
        """
        with writing(self._engine) as connection:
            take_ground(connection)
            bury(connection, [*self._from_file(), *(stones or ())])
            return self._erase_buried(connection)

    def after_start(self) -> dict[str, int] | None:
        """The same where the file knows of deletions that the database does not: it was restored. None elsewhere."""
        stones = self._from_file()
        with writing(self._engine) as connection:
            take_ground(connection)
            if not bury(connection, stones):
                return None
            return self._erase_buried(connection)

    def export(self, path: Path) -> int:
        """Write every tombstone to `path`, if only an empty file; raises OSError or DatabaseUnavailableError."""
        with reading(self._engine) as connection:
            stones = all_tombstones(connection)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        append_to_file(path, stones)
        return len(stones)

    def _all_names(self, connection: sa.Connection, refs: Sequence[ProfileRef]) -> list[ProfileRef]:
        """`refs`, the ids that went by these handles, and every handle of these ids."""
        names = set(refs)
        for eraser in self._erasers:
            names |= eraser.names(connection, refs)
        ids = [name for name in names if name.id is not None]
        for eraser in self._erasers:
            names |= eraser.names(connection, ids)
        return sorted(names, key=lambda name: name.key)

    def _erase_buried(self, connection: sa.Connection) -> dict[str, int]:
        stones = all_tombstones(connection)
        foreign = sum(stone.key_id != self._hashes.key_id for stone in stones)
        if foreign:
            _log.error(
                "Tombstones were made with another secret key and cannot be applied; restore SECRET_KEY_FILE.",
                extra={"fields": {"tombstones": foreign}},
            )
        buried = Buried(self._hashes, {(stone.account_hash, stone.owner): stone.deleted_at for stone in stones})
        counts = {eraser.place: eraser.erase_buried(connection, buried) for eraser in self._erasers}
        for place, count in counts.items():
            self._metrics.erased.labels(place, "restored").inc(count)
        return counts

    def _forget(self, names: Sequence[ProfileRef], request_id: str) -> bool:
        try:
            self._fetcher.forget(names, request_id)
        except FetcherUnreachableError:
            return False
        return True

    def _empty_log(self) -> None:
        """Have SQLite's log of changes written into the file and cut, since it still holds what was there before."""
        if self._engine.dialect.name != "sqlite":
            return
        try:
            with reading(self._engine) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except DatabaseUnavailableError as error:
            # Whoever reads just now keeps it; the next checkpoint does it.
            _log.warning("The database's log could not be cut.", extra={"fields": {"error": str(error)}})

    def _write_down(self, stones: Sequence[Tombstone]) -> None:
        try:
            append_to_file(self._path, stones)
        except OSError as error:
            # Deleting matters more than what a later restore would need.
            _log.error("The file of tombstones cannot be written.", extra={"fields": {"error": error.strerror}})

    def _from_file(self) -> list[Tombstone]:
        try:
            return read_file(self._path) if self._path else []
        except FileNotFoundError:
            return []
        except OSError as error:
            _log.error("The file of tombstones cannot be read.", extra={"fields": {"error": error.strerror}})
            return []
