"""How results and corrections forget an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.results.accounts import AccountHashes
from gateway.results.erasure import Buried
from gateway.results.tables import corrections, results


class HashedRows:
    """Rows of a table that carry the account's hashes; `made_at` names the column that says since when."""

    def __init__(self, table: sa.Table, made_at: str, hashes: AccountHashes) -> None:
        self.place = table.name
        self._table = table
        self._made_at = made_at
        self._hashes = hashes

    def names(self, connection: sa.Connection, names: Sequence[ProfileRef]) -> set[ProfileRef]:
        """The other names, where the table tells them."""
        columns = self._table.c
        if "handle" not in columns:
            return set()
        wanted = sa.select(columns.platform, columns.account_id, columns.handle).where(self._of(names, None)).distinct()
        found: set[ProfileRef] = set()
        for platform, account_id, handle in connection.execute(wanted):
            if account_id:
                found.add(ProfileRef(Platform(platform), id=account_id))
            if handle:
                found.add(ProfileRef(Platform(platform), handle=handle))
        return found

    def erase(self, connection: sa.Connection, names: Sequence[ProfileRef], owner: str | None) -> int:
        """Delete the rows of the account."""
        return connection.execute(sa.delete(self._table).where(self._of(names, owner))).rowcount

    def erase_buried(self, connection: sa.Connection, buried: Buried) -> int:
        """Delete the rows that tombstones name."""
        columns = self._table.c
        about = (columns.id, columns.owner, columns.id_hash, columns.handle_hash, columns[self._made_at])
        gone = [
            row_id
            for row_id, owner, by_id, by_handle, made_at in connection.execute(sa.select(*about))
            if buried.takes_hash(by_id, owner, made_at) or buried.takes_hash(by_handle, owner, made_at)
        ]
        for start in range(0, len(gone), 500):
            connection.execute(sa.delete(self._table).where(columns.id.in_(gone[start : start + 500])))
        return len(gone)

    def _of(self, names: Sequence[ProfileRef], owner: str | None) -> Any:
        columns, hashes = self._table.c, [self._hashes.of(name) for name in names]
        wanted = columns.id_hash.in_(hashes) | columns.handle_hash.in_(hashes)
        return wanted if owner is None else wanted & (columns.owner == owner)


def own_erasers(hashes: AccountHashes) -> list[HashedRows]:
    """Those of this package."""
    return [HashedRows(corrections, "made_at", hashes), HashedRows(results, "asked_at", hashes)]
