"""How batches forget an account: its rows stay as places that say "deleted", so that counts and numbers still hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.batches.states import DELETED, RowState
from gateway.batches.tables import batches, rows
from gateway.results.erasure import Buried

_AT_ONCE = 500
_READ_AT_ONCE = 5000
_KEPT = frozenset({"batch_id", "number", "line", "platform", "by_id", "available_at", "attempts", "done_at"})
_EMPTY: dict[str, Any] = {column.name: None for column in rows.columns if column.name not in _KEPT}
_GONE = _EMPTY | {"state": RowState.DONE.value, "outcome": DELETED}
"""What is left of a row: whoever works at it loses the claim, and nothing tells whose it was."""


class BatchRows:
    """Rows of batches; whose they are stands with their batch."""

    place = "batch_rows"

    def names(self, connection: sa.Connection, names: Sequence[ProfileRef]) -> set[ProfileRef]:
        """The other names, where a row holds both."""
        found: set[ProfileRef] = set()
        for some in _by_platform(names):
            known = sa.select(rows.c.platform, rows.c.handle, rows.c.account_id).where(some).distinct()
            for platform, handle, account_id in connection.execute(known):
                if handle is not None:
                    found.add(ProfileRef(Platform(platform), handle=handle))
                if account_id is not None:
                    found.add(ProfileRef(Platform(platform), id=account_id))
        return found

    def erase(self, connection: sa.Connection, names: Sequence[ProfileRef], owner: str | None) -> int:
        """Empty the account's rows."""
        count = 0
        for some in _by_platform(names):
            gone = sa.update(rows).where(some).values(_GONE)
            if owner is not None:
                gone = gone.where(rows.c.batch_id.in_(sa.select(batches.c.id).where(batches.c.owner == owner)))
            count += connection.execute(gone).rowcount
        return count

    def erase_buried(self, connection: sa.Connection, buried: Buried) -> int:
        """Empty what tombstones name; it counts from when its batch was made."""
        if not buried.times:
            return 0
        count = 0
        for batch_id, owner, made_at in connection.execute(_batches_before(max(buried.times.values()))).all():
            for part in _parts(connection, batch_id):
                gone = [number for number, names in part if buried.takes(names, owner, made_at)]
                for start in range(0, len(gone), _AT_ONCE):
                    these = (rows.c.batch_id == batch_id) & rows.c.number.in_(gone[start : start + _AT_ONCE])
                    count += connection.execute(sa.update(rows).where(these).values(_GONE)).rowcount
        return count


def _batches_before(time: float) -> sa.Select[Any]:
    return sa.select(batches.c.id, batches.c.owner, batches.c.created_at).where(batches.c.created_at <= time)


def _by_platform(names: Sequence[ProfileRef]) -> Iterator[sa.ColumnElement[bool]]:
    """What chooses the rows of `names`, a platform and some hundred names at a time."""
    for platform in Platform:
        for column, texts in (
            (rows.c.handle, [name.handle for name in names if name.platform is platform and name.handle is not None]),
            (rows.c.account_id, [name.id for name in names if name.platform is platform and name.id is not None]),
        ):
            for start in range(0, len(texts), _AT_ONCE):
                yield (rows.c.platform == platform.value) & column.in_(texts[start : start + _AT_ONCE])


def _parts(connection: sa.Connection, batch_id: str) -> Iterator[list[tuple[int, list[ProfileRef]]]]:
    """A batch's rows with the names that they hold, some thousands at a time."""
    after = -1
    columns = (rows.c.number, rows.c.platform, rows.c.handle, rows.c.account_id)
    while True:
        behind = sa.select(*columns).where(rows.c.batch_id == batch_id, rows.c.number > after)
        found = connection.execute(behind.order_by(rows.c.number).limit(_READ_AT_ONCE)).all()
        if not found:
            return
        after = found[-1][0]
        yield [(number, _names(Platform(platform), handle, id_)) for number, platform, handle, id_ in found]


def _names(platform: Platform, handle: str | None, account_id: str | None) -> list[ProfileRef]:
    names = [] if handle is None else [ProfileRef(platform, handle=handle)]
    return names if account_id is None else [*names, ProfileRef(platform, id=account_id)]
