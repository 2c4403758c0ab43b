"""Results in the database: put there in numbers, found by their owner alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from contracts.profile_ref import ProfileRef
from gateway.database import failure_of
from gateway.results.accounts import AccountHashes
from gateway.results.stored import StoredResult
from gateway.results.tables import results
from gateway.results.tombstones import buried_after, share_ground

MOST_SHOWN = 100


class ResultStore:
    """Every method raises DatabaseUnavailableError."""

    def __init__(self, engine: sa.Engine, hashes: AccountHashes) -> None:
        self._engine = engine
        self._hashes = hashes

    def add(self, found: Sequence[StoredResult]) -> int:
        """Store results, but for those whose account was deleted since it was asked for; how many were stored."""
        with writing(self._engine) as connection:
            share_ground(connection)
            buried = buried_after(connection, [text for each in found for text in _hashes_of(each)])
            rows = [
                each.to_row()
                for each in found
                if not any(
                    buried.get((text, owner), float("-inf")) >= each.asked_at
                    for text in _hashes_of(each)
                    for owner in ("", each.owner)
                )
            ]
            if rows:
                connection.execute(sa.insert(results), rows)
        return len(rows)

    def get(self, owner: str, result_id: str, now: float) -> StoredResult | None:
        """One of the owner's results."""
        wanted = (results.c.id == result_id) & (results.c.owner == owner) & (results.c.expires_at > now)
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(results).where(wanted)).mappings().first()
        return None if row is None else StoredResult.from_row(dict(row))

    def latest(self, owner: str, now: float, most: int = MOST_SHOWN) -> list[StoredResult]:
        """The owner's newest results, whatever the account."""
        wanted = (results.c.owner == owner) & (results.c.expires_at > now)
        newest = sa.select(results).where(wanted).order_by(results.c.asked_at.desc(), results.c.id).limit(most)
        with reading(self._engine) as connection:
            return [StoredResult.from_row(dict(row)) for row in connection.execute(newest).mappings()]

    def of_account(self, owner: str, ref: ProfileRef, now: float, most: int = MOST_SHOWN) -> list[StoredResult]:
        """The owner's results of an account, newest first."""
        column = results.c.id_hash if ref.handle is None else results.c.handle_hash
        wanted = (column == self._hashes.of(ref)) & (results.c.owner == owner) & (results.c.expires_at > now)
        newest = sa.select(results).where(wanted).order_by(results.c.asked_at.desc(), results.c.id).limit(most)
        with reading(self._engine) as connection:
            return [StoredResult.from_row(dict(row)) for row in connection.execute(newest).mappings()]


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that only reads, each statement for itself; raises DatabaseUnavailableError."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    except SQLAlchemyError as error:
        raise failure_of(error) from error


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction; raises DatabaseUnavailableError."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise failure_of(error) from error


def _hashes_of(result: StoredResult) -> list[str]:
    return [text for text in (result.id_hash, result.handle_hash) if text is not None]
