"""Two batches beside each other: the shares of their classes, and the accounts of both whose label is another one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.batches.batch import Batch
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows

MOST_SHOWN = 1_000


class Comparison:
    """Reads only. Accounts are the same by their immutable id, or by their handle where an id is not known."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    def of(self, first: Batch, second: Batch, *, most: int = 100) -> dict[str, Any]:
        """How many accounts both have with an answer, how they moved between labels, and the first that did."""
        one, other = rows.alias("one"), rows.alias("other")
        both = sa.join(one, other, _same(one, other))
        chosen = sa.and_(
            one.c.batch_id == first.id,
            other.c.batch_id == second.id,
            one.c.label.is_not(None),
            other.c.label.is_not(None),
        )
        moves = sa.select(one.c.label, other.c.label, sa.func.count()).select_from(both).where(chosen)
        moved = (
            sa.select(
                one.c.platform,
                one.c.account_id,
                one.c.handle,
                one.c.label.label("before"),
                other.c.label.label("after"),
                one.c.line.label("line"),
                other.c.line.label("other_line"),
            )
            .select_from(both)
            .where(chosen, one.c.label != other.c.label)
            .order_by(one.c.number)
            .limit(most)
        )
        with self._store.reading() as connection:
            counted = connection.execute(moves.group_by(one.c.label, other.c.label)).all()
            changed = connection.execute(moved).mappings().all()
        return {
            "common": sum(count for _, _, count in counted),
            "changed": sum(count for before, after, count in counted if before != after),
            "moves": [
                {"before": before, "after": after, "accounts": count}
                for before, after, count in counted
                if before != after
            ],
            "accounts": [_shown(row) for row in changed],
        }


def _same(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    unknown = one.c.account_id.is_(None) | other.c.account_id.is_(None)
    return (one.c.platform == other.c.platform) & (
        (one.c.account_id == other.c.account_id) | (unknown & (one.c.handle == other.c.handle))
    )


def _shown(row: sa.RowMapping) -> dict[str, Any]:
    return {
        "platform": row["platform"],
        "id": row["account_id"],
        "handle": row["handle"],
        "before": row["before"],
        "after": row["after"],
        "line": row["line"],
        "other_line": row["other_line"],
    }


def label_counts(store: BatchStore, batch: Batch) -> dict[str, dict[str, int]]:
    """Platform -> label -> accounts."""
    query = sa.select(rows.c.platform, rows.c.label, sa.func.count())
    query = query.where(rows.c.batch_id == batch.id, rows.c.label.is_not(None))
    counts: dict[str, dict[str, int]] = {}
    with store.reading() as connection:
        for platform, label, count in connection.execute(query.group_by(rows.c.platform, rows.c.label)):
            counts.setdefault(platform, {})[label] = count
    return counts
