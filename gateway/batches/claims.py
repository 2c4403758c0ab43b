"""Rows in a worker's hands: taken with a lease, given back, or ended with their answers in one transaction.

Several workers may take at once. On SQLite every transaction holds the write lock from its beginning; on PostgreSQL
rows that another worker is taking are passed over (SKIP LOCKED).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.batches.states import BatchState, RowState
from gateway.batches.store import BatchStore, ref_of
from gateway.batches.tables import batches, lanes, rows

CHUNK = 100
"""Accounts of one request; X looks up as many at once."""
_RELEASED = {"state": RowState.WAITING, "claim": None, "lease_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows of one batch that go into one request. `attempts` are those that failed before, by row number."""

    batch_id: str
    owner: str
    claim: str
    platform: Platform
    by_id: bool
    ticket: str | None
    explain: bool
    model_version: int
    refs: Mapping[int, ProfileRef]
    attempts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing more is asked of the chunk's lane before `until`; the ticket keeps the place, `reason` is a sentence."""

    until: float
    reason: str
    ticket: str | None = None


class Claims:
    """The worker's side of the tables; `lease_s` is for how long a worker may keep a chunk."""

    def __init__(self, store: BatchStore, *, lease_s: float) -> None:
        self._store = store
        self._lease_s = lease_s

    def take(self, most: int = CHUNK) -> Chunk | None:
        """The next rows of the lane whose turn is longest ago, None where nothing can be asked now."""
        now = self._store.now()
        with self._store.writing() as connection:
            lane = connection.execute(_ready_lanes(now).order_by(lanes.c.turn_at).limit(1)).mappings().one_or_none()
            if lane is None:
                return None
            taken = self._rows_of(connection, lane, now, most)
            mine = _lane(lane["batch_id"], lane["platform"], lane["by_id"])
            connection.execute(sa.update(lanes).where(mine).values(turn_at=now))
            if not taken:
                return None
            claim = secrets.token_hex(16)
            numbers = [row.number for row in taken]
            claimed = {"state": RowState.CLAIMED, "claim": claim, "lease_until": now + self._lease_s}
            chosen = sa.and_(rows.c.batch_id == lane["batch_id"], rows.c.number.in_(numbers))
            connection.execute(sa.update(rows).where(chosen).values(claimed))
        return Chunk(
            batch_id=lane["batch_id"],
            owner=lane["owner"],
            claim=claim,
            platform=Platform(lane["platform"]),
            by_id=bool(lane["by_id"]),
            ticket=lane["ticket"],
            explain=bool(lane["explain"]),
            model_version=lane["model_version"],
            refs={row.number: ref_of(lane["platform"], lane["by_id"], row.handle, row.account_id) for row in taken},
            attempts={row.number: row.attempts for row in taken},
        )

    def settle(
        self,
        chunk: Chunk,
        *,
        done: Sequence[Mapping[str, Any]] = (),
        again: Mapping[int, tuple[float, int]] | None = None,
        pause: Pause | None = None,
    ) -> int:
        """End the chunk in one transaction; gives how many rows are done by it.

        `done` holds each row's number and answer; rows of `again` wait until a time, with so many failed attempts; all
        others wait from now on. A row whose lease has run out and that somebody else has taken is left alone.
        """
        now = self._store.now()
        mine = sa.and_(rows.c.batch_id == chunk.batch_id, rows.c.claim == chunk.claim)
        ended = {"state": RowState.DONE, "claim": None, "lease_until": None, "done_at": now}
        count = 0
        with self._store.writing() as connection:
            for values in done:
                by_number = sa.update(rows).where(mine, rows.c.number == values["number"])
                count += connection.execute(by_number.values({**values, **ended})).rowcount
            for number, (until, attempts) in (again or {}).items():
                waiting = {**_RELEASED, "available_at": until, "attempts": attempts}
                connection.execute(sa.update(rows).where(mine, rows.c.number == number).values(waiting))
            connection.execute(sa.update(rows).where(mine).values(_RELEASED))
            lane = sa.update(lanes).where(_lane(chunk.batch_id, chunk.platform.value, chunk.by_id))
            if pause is not None:
                values = {"ready_at": pause.until, "ticket": pause.ticket, "reason": pause.reason}
                connection.execute(lane.values(values))
            elif count:
                connection.execute(lane.where(lanes.c.reason.is_not(None)).values(ticket=None, reason=None))
            connection.execute(_finished(now).where(batches.c.id == chunk.batch_id))
        return count

    def stop(self, chunk: Chunk, note: str, held: Pause) -> bool:
        """Give the chunk back and pause its batch with `note`, since its key has nothing left; whether it was paused.

        While other chunks of the key are under way, the money that they hold may come back: then the lane only waits
        as `held` says.
        """
        now = self._store.now()
        mine = sa.and_(rows.c.batch_id == chunk.batch_id, rows.c.claim == chunk.claim)
        others = (
            sa.select(sa.literal(1))
            .join(batches, batches.c.id == rows.c.batch_id)
            .where(batches.c.owner == chunk.owner, rows.c.state == RowState.CLAIMED, rows.c.lease_until > now)
            .limit(1)
        )
        batch = sa.update(batches).where(batches.c.id == chunk.batch_id, batches.c.state == BatchState.RUNNING)
        lane = sa.update(lanes).where(_lane(chunk.batch_id, chunk.platform.value, chunk.by_id))
        with self._store.writing() as connection:
            connection.execute(sa.update(rows).where(mine).values(_RELEASED))
            if connection.execute(others).first() is not None:
                connection.execute(lane.values(ready_at=held.until, reason=held.reason))
                return False
            return bool(connection.execute(batch.values(state=BatchState.PAUSED, note=note)).rowcount)

    def model_missing(self, chunk: Chunk, note: str, patience_s: float) -> bool:
        """Take down that the pinned version is not loaded; after `patience_s` the batch is paused with `note`."""
        now = self._store.now()
        batch = sa.update(batches).where(batches.c.id == chunk.batch_id, batches.c.state == BatchState.RUNNING)
        since = batches.c.model_missing_since
        with self._store.writing() as connection:
            connection.execute(batch.where(since.is_(None)).values(model_missing_since=now))
            paused = batch.where(since <= now - patience_s).values(state=BatchState.PAUSED, note=note)
            return bool(connection.execute(paused).rowcount)

    def model_found(self, chunk: Chunk) -> None:
        """Take down that the pinned version answers."""
        missed = sa.and_(batches.c.id == chunk.batch_id, batches.c.model_missing_since.is_not(None))
        with self._store.reading() as connection:
            if connection.execute(sa.select(sa.literal(1)).where(missed).limit(1)).first() is None:
                return
        with self._store.writing() as connection:
            connection.execute(sa.update(batches).where(missed).values(model_missing_since=None))

    def end_finished(self) -> int:
        """End running batches without open rows, where two workers each saw the other's last rows open."""
        with self._store.reading() as connection:
            if connection.execute(sa.select(batches.c.id).where(_no_open_rows()).limit(1)).first() is None:
                return 0
        with self._store.writing() as connection:
            return connection.execute(_finished(self._store.now())).rowcount

    def moved_back(self, seconds: float) -> None:
        """The clock was set back by so much: what waits for a time would wait so much longer, and waits less.

        That it is asked for too early, where several workers notice, costs nothing: the fetcher knows the limits.
        """
        now = self._store.now()
        waiting = sa.and_(rows.c.state == RowState.WAITING, rows.c.available_at > now)
        # No lease is longer than this, but for those from before.
        claimed = sa.and_(rows.c.state == RowState.CLAIMED, rows.c.lease_until > now + self._lease_s)
        with self._store.writing() as connection:
            connection.execute(
                sa.update(lanes).where(lanes.c.ready_at > now).values(ready_at=lanes.c.ready_at - seconds)
            )
            connection.execute(sa.update(rows).where(waiting).values(available_at=rows.c.available_at - seconds))
            connection.execute(sa.update(rows).where(claimed).values(lease_until=rows.c.lease_until - seconds))

    def ready_chunks(self, most: int) -> int:
        """How many chunks could be taken now, at most `most`."""
        now, count = self._store.now(), 0
        with self._store.reading() as connection:
            for lane in connection.execute(_ready_lanes(now)).mappings():
                free = sa.select(rows.c.number).where(_free(now, lane["batch_id"], lane["platform"], lane["by_id"]))
                limited = free.limit(CHUNK * (most - count)).subquery()
                found = connection.execute(sa.select(sa.func.count()).select_from(limited)).scalar_one()
                count += -(-found // CHUNK)
                if count >= most:
                    return most
        return count

    def _rows_of(self, connection: sa.Connection, lane: Any, now: float, most: int) -> Sequence[Any]:
        columns = (rows.c.number, rows.c.handle, rows.c.account_id, rows.c.attempts)
        free = _free(now, lane["batch_id"], lane["platform"], lane["by_id"])
        query = sa.select(*columns).where(free).order_by(rows.c.number).limit(most)
        return connection.execute(query.with_for_update(skip_locked=True)).all()


def _lane(batch_id: str, platform: str, by_id: bool) -> sa.ColumnElement[bool]:
    return sa.and_(lanes.c.batch_id == batch_id, lanes.c.platform == platform, lanes.c.by_id == by_id)


def _free(now: float, batch_id: Any, platform: Any, by_id: Any) -> sa.ColumnElement[bool]:
    """Rows that may be taken: waiting ones whose time has come, and claimed ones whose lease has run out."""
    return sa.and_(
        rows.c.batch_id == batch_id,
        rows.c.platform == platform,
        rows.c.by_id == by_id,
        sa.or_(
            sa.and_(rows.c.state == RowState.WAITING, rows.c.available_at <= now),
            sa.and_(rows.c.state == RowState.CLAIMED, rows.c.lease_until <= now),
        ),
    )


def _ready_lanes(now: float) -> sa.Select[Any]:
    free = sa.exists().where(_free(now, lanes.c.batch_id, lanes.c.platform, lanes.c.by_id))
    return (
        sa.select(lanes, batches.c.owner, batches.c.explain, batches.c.model_version)
        .join(batches, batches.c.id == lanes.c.batch_id)
        .where(batches.c.state == BatchState.RUNNING, lanes.c.ready_at <= now, free)
    )


def _no_open_rows() -> sa.ColumnElement[bool]:
    is_open = sa.exists().where(rows.c.batch_id == batches.c.id, rows.c.state.in_([RowState.WAITING, RowState.CLAIMED]))
    return sa.and_(batches.c.state == BatchState.RUNNING, ~is_open)


def _finished(now: float) -> sa.Update:
    return sa.update(batches).where(_no_open_rows()).values(state=BatchState.FINISHED, ended_at=now, note=None)
