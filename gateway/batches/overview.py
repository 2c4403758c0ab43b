"""Counts over the tables: how far one batch has come, and what the worker's metrics show of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from gateway.batches.batch import Batch, Progress
from gateway.batches.metrics import BatchMetrics
from gateway.batches.states import BatchState, RowState
from gateway.batches.store import BatchStore
from gateway.batches.tables import batches, lanes, rows

SPEED_S = 60.0
"""The speed of a batch is that of its last minute."""
_OPEN = (RowState.WAITING, RowState.CLAIMED)


class Overview:
    """Reads only."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    @property
    def now(self) -> Callable[[], float]:
        """The time of the store, in seconds since the epoch."""
        return self._store.now

    def progress(self, batch: Batch) -> Progress:
        """How far `batch` has come."""
        now = self._store.now()
        columns = (rows.c.state, rows.c.outcome, rows.c.label, rows.c.unsure)
        counts = sa.select(*columns, sa.func.count()).where(rows.c.batch_id == batch.id).group_by(*columns)
        since = max(now - SPEED_S, batch.confirmed_at or now)
        recent = sa.select(sa.func.count()).where(rows.c.batch_id == batch.id, rows.c.done_at > since)
        with self._store.reading() as connection:
            counted = connection.execute(counts).all()
            speed = 0.0
            if batch.state is BatchState.RUNNING:
                speed = connection.execute(recent).scalar_one() / max(now - since, 1.0)
            blocked = connection.execute(_waiting_lanes(batch.id, now)).first()
        states: Counter[str] = Counter()
        outcomes: Counter[str] = Counter()
        labels: Counter[str] = Counter()
        unsure = 0
        for state, outcome, label, is_unsure, count in counted:
            states[state] += count
            if outcome is not None:
                outcomes[outcome] += count
            if label is not None:
                labels[label] += count
                unsure += count if is_unsure else 0
        left = sum(states[state] for state in _OPEN)
        return Progress(
            states=states,
            outcomes=outcomes,
            labels=labels,
            unsure=unsure,
            per_minute=60 * speed,
            eta_at=_eta(batch, now, left, speed, blocked.ready_at if blocked else None),
            waiting_until=blocked.ready_at if blocked else None,
            waiting_for=blocked.reason if blocked else None,
        )

    def show(self, metrics: BatchMetrics) -> None:
        """Set the gauges."""
        active = (BatchState.RUNNING, BatchState.PAUSED)
        joined = sa.join(rows, batches, rows.c.batch_id == batches.c.id)
        by_state = sa.select(rows.c.state, sa.func.count()).select_from(joined)
        by_state = by_state.where(batches.c.state.in_(active)).group_by(rows.c.state)
        with self._store.reading() as connection:
            row_counts: dict[Any, Any] = dict(connection.execute(by_state).all())
            states = sa.select(batches.c.state, sa.func.count()).group_by(batches.c.state)
            batch_counts: dict[Any, Any] = dict(connection.execute(states).all())
            running = sa.select(batches).where(batches.c.state == BatchState.RUNNING)
            found = [Batch.read(row) for row in connection.execute(running.limit(100)).mappings()]
        for state in RowState:
            metrics.rows.labels(state.value).set(row_counts.get(state.value, 0))
        for each in BatchState:
            metrics.batches.labels(each.value).set(batch_counts.get(each.value, 0))
        now = self._store.now()
        metrics.oldest.set(max((now - (batch.confirmed_at or now) for batch in found), default=0))
        times = [self.progress(batch).eta_at for batch in found]
        metrics.eta.set(max((time - now for time in times if time is not None), default=0))


def _waiting_lanes(batch_id: str, now: float) -> sa.Select[Any]:
    """Lanes that something keeps waiting, the last to be ready first."""
    is_open = sa.exists().where(
        rows.c.batch_id == lanes.c.batch_id,
        rows.c.state.in_(_OPEN),
        rows.c.platform == lanes.c.platform,
        rows.c.by_id == lanes.c.by_id,
    )
    query = sa.select(lanes.c.ready_at, lanes.c.reason).where(lanes.c.batch_id == batch_id, lanes.c.ready_at > now)
    return query.where(is_open).order_by(lanes.c.ready_at.desc()).limit(1)


def _eta(batch: Batch, now: float, left: int, speed: float, blocked_until: float | None) -> float | None:
    """By the plan, which knows the limits, and by the speed, which knows the rest; None where neither tells."""
    if batch.state is not BatchState.RUNNING or batch.confirmed_at is None or not left:
        return None
    candidates = [blocked_until] if blocked_until else []
    if speed:
        candidates.append(max(now, blocked_until or 0) + left / speed)
    if batch.planned_seconds is not None:
        candidates.append(batch.confirmed_at + batch.planned_seconds)
    known = [each for each in candidates if each > now]
    return max(known) if known else None
