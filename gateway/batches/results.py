"""The rows of a batch as people read them: a page of them, filtered and sorted, or all in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.batches.batch import Batch
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows

SORTS: Mapping[str, sa.ColumnElement[Any]] = {
    "line": rows.c.number,
    "handle": rows.c.handle,
    "outcome": rows.c.outcome,
    "label": rows.c.label,
    "confidence": rows.c.confidence,
    "regular": rows.c.p_regular,
    "bot": rows.c.p_bot,
    "influencer": rows.c.p_influencer,
    "fake": rows.c.p_fake,
}
"""What the rows may be sorted by."""
_PIECE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which rows, in which order; None leaves nothing out. `page` counts from 1."""

    outcome: str | None = None
    label: str | None = None
    unsure: bool | None = None
    sort: str = "line"
    descending: bool = False
    page: int = 1
    size: int = 50


class Results:
    """Reads only."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    def page(self, batch: Batch, choice: Choice) -> tuple[int, Sequence[sa.RowMapping]]:
        """How many rows there are of that choice, and those of its page."""
        chosen = _chosen(batch, choice)
        order = SORTS[choice.sort]
        order = (order.desc() if choice.descending else order.asc()).nulls_last()
        query = sa.select(rows).where(*chosen).order_by(order, rows.c.number)
        query = query.limit(choice.size).offset((choice.page - 1) * choice.size)
        with self._store.reading() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(rows).where(*chosen)).scalar_one()
            return count, connection.execute(query).mappings().all()

    def all(self, batch: Batch, choice: Choice) -> Iterator[sa.RowMapping]:
        """Every row of that choice in the order of the list, read a piece at a time."""
        last = 0
        while True:
            query = sa.select(rows).where(*_chosen(batch, choice), rows.c.number > last)
            with self._store.reading() as connection:
                piece = connection.execute(query.order_by(rows.c.number).limit(_PIECE)).mappings().all()
            yield from piece
            if len(piece) < _PIECE:
                return
            last = piece[-1]["number"]


def _chosen(batch: Batch, choice: Choice) -> list[sa.ColumnElement[bool]]:
    chosen = [rows.c.batch_id == batch.id]
    if choice.outcome is not None:
        chosen.append(rows.c.outcome == choice.outcome)
    if choice.label is not None:
        chosen.append(rows.c.label == choice.label)
    if choice.unsure is not None:
        chosen.append(rows.c.unsure == choice.unsure)
    return chosen
