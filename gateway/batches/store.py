"""Batches in SQL: found, taken from one state to the next, and forgotten.

How they are made stands in creation.py, what the worker does in claims.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.batches.accounts import Complaint, Refused
from gateway.batches.batch import Batch
from gateway.batches.errors import NoSuchBatchError, WrongStateError
from gateway.batches.states import CANCELLED, RETRIED_OUTCOMES, BatchState, RowState
from gateway.batches.tables import batches, lanes, lines, rows, samples
from gateway.batches.transactions import Transactions

LOADING_S = 600.0
"""A batch that is still loading then was left by a process that died."""
_ENDED = (BatchState.FINISHED, BatchState.CANCELLED)


class BatchStore(Transactions):
    """Safe to share between threads. Raises DatabaseUnavailableError anywhere."""

    def get(self, owner: str, batch_id: str) -> Batch:
        """One batch of `owner`; raises NoSuchBatchError."""
        query = sa.select(batches).where(
            batches.c.id == batch_id, batches.c.owner == owner, batches.c.state != BatchState.LOADING
        )
        with self.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchBatchError
        return Batch.read(row)

    def latest(self, owner: str, *, most: int = 50, before: float | None = None) -> Sequence[Batch]:
        """The newest batches of `owner`, those made before `before` where it is given."""
        query = sa.select(batches).where(batches.c.owner == owner, batches.c.state != BatchState.LOADING)
        if before is not None:
            query = query.where(batches.c.created_at < before)
        with self.reading() as connection:
            found = connection.execute(query.order_by(batches.c.created_at.desc()).limit(most)).mappings().all()
        return [Batch.read(row) for row in found]

    def refused(self, batch: Batch, *, most: int, after: int = 0) -> Sequence[Refused]:
        """Lines that became no row, from behind line `after`."""
        query = sa.select(lines).where(lines.c.batch_id == batch.id, lines.c.line > after)
        with self.reading() as connection:
            found = connection.execute(query.order_by(lines.c.line).limit(most)).mappings().all()
        return [Refused(row["line"], Complaint(row["kind"]), row["detail"]) for row in found]

    def open_refs(self, batch: Batch) -> Sequence[ProfileRef]:
        """The accounts without an outcome, in their order."""
        columns = (rows.c.platform, rows.c.by_id, rows.c.handle, rows.c.account_id)
        query = sa.select(*columns).where(rows.c.batch_id == batch.id, rows.c.state != RowState.DONE)
        with self.reading() as connection:
            return [ref_of(*row) for row in connection.execute(query.order_by(rows.c.number))]

    def keep_plan(self, batch: Batch, plan: Mapping[str, Any]) -> Batch:
        """Put a plan in the place of the last one."""
        with self.writing() as connection:
            values = {"plan": json.dumps(plan), "planned_at": self.now()}
            connection.execute(sa.update(batches).where(batches.c.id == batch.id).values(values))
        return self.get(batch.owner, batch.id)

    def confirm(self, batch: Batch, model_version: int) -> Batch:
        """Let it run on that version of the model; raises WrongStateError unless it is planned."""
        values = {"state": BatchState.RUNNING, "confirmed_at": self.now(), "model_version": model_version}
        return self._change(batch, (BatchState.PLANNED,), values, "Only a planned batch can be confirmed")

    def pause(self, batch: Batch, note: str | None = None) -> Batch:
        """Let nothing more of it be asked; what is under way still comes in. Raises WrongStateError."""
        values = {"state": BatchState.PAUSED, "note": note}
        return self._change(batch, (BatchState.RUNNING,), values, "Only a running batch can be paused")

    def resume(self, batch: Batch, model_version: int | None = None) -> Batch:
        """Go on, on another version where one is named. Raises WrongStateError."""
        values: dict[str, Any] = {"state": BatchState.RUNNING, "note": None, "model_missing_since": None}
        if model_version is not None:
            values["model_version"] = model_version
        return self._change(batch, (BatchState.PAUSED,), values, "Only a paused batch can be resumed")

    def cancel(self, batch: Batch) -> Batch:
        """End it; rows without an outcome get `cancelled`. Raises WrongStateError where it has ended."""
        ended = {"state": BatchState.CANCELLED, "ended_at": self.now(), "note": None}
        open_states = (BatchState.PLANNED, BatchState.RUNNING, BatchState.PAUSED)
        left = sa.update(rows).where(rows.c.batch_id == batch.id, rows.c.state != RowState.DONE)
        values = {"state": RowState.DONE, "outcome": CANCELLED, "claim": None, "done_at": self.now()}
        return self._change(batch, open_states, ended, "This batch has ended already", left.values(values))

    def retry(self, batch: Batch) -> Batch:
        """Let rows wait again whose outcome says nothing of the account; raises WrongStateError unless it finished."""
        failed = sa.update(rows).where(
            rows.c.batch_id == batch.id, rows.c.state == RowState.DONE, rows.c.outcome.in_(list(RETRIED_OUTCOMES))
        )
        values = {
            "state": RowState.WAITING,
            "outcome": None,
            "detail": None,
            "attempts": 0,
            "done_at": None,
            "available_at": 0.0,
        }
        running = {"state": BatchState.RUNNING, "ended_at": None}
        sentence = "Only a finished batch can be tried again"
        return self._change(batch, (BatchState.FINISHED,), running, sentence, failed.values(values))

    def delete(self, batch: Batch) -> None:
        """Forget it and everything of it; raises WrongStateError while it runs."""
        if batch.state not in (*_ENDED, BatchState.PLANNED):
            raise WrongStateError(f"This batch is {batch.state}; cancel it before you delete it.")
        self.drop(batch.id)

    def drop(self, batch_id: str) -> None:
        """Forget a batch whatever its state. Foreign keys take its rows along."""
        with self.writing() as connection:
            for table in (samples, lines, rows, lanes):
                connection.execute(sa.delete(table).where(table.c.batch_id == batch_id))
            connection.execute(sa.delete(batches).where(batches.c.id == batch_id))

    def drop_ended(self, days: float) -> int:
        """Forget batches that were made so long ago and do not run; gives how many."""
        over = (*_ENDED, BatchState.PLANNED)
        old = sa.select(batches.c.id).where(
            batches.c.state.in_(over), batches.c.created_at <= self.now() - 86_400 * days
        )
        with self.reading() as connection:
            found = connection.execute(old).scalars().all()
        for batch_id in found:
            self.drop(batch_id)
        return len(found)

    def drop_unloaded(self) -> int:
        """Forget batches whose loading was broken off; gives how many."""
        old = sa.select(batches.c.id).where(
            batches.c.state == BatchState.LOADING, batches.c.created_at < self.now() - LOADING_S
        )
        with self.reading() as connection:
            found = connection.execute(old).scalars().all()
        for batch_id in found:
            self.drop(batch_id)
        return len(found)

    def _change(
        self,
        batch: Batch,
        before: Sequence[BatchState],
        values: Mapping[str, Any],
        sentence: str,
        also: sa.Update | None = None,
    ) -> Batch:
        with self.writing() as connection:
            changed = connection.execute(in_state(batch.id, *before).values(values)).rowcount
            if changed and also is not None:
                connection.execute(also)
        found = self.get(batch.owner, batch.id)
        if not changed:
            raise WrongStateError(f"{sentence}; this one is {found.state}.")
        return found


def ref_of(platform: str, by_id: bool, handle: str | None, account_id: str | None) -> ProfileRef:
    """What a row asks for."""
    if by_id:
        return ProfileRef(Platform(platform), id=account_id)
    return ProfileRef(Platform(platform), handle=handle)


def in_state(batch_id: str, *states: BatchState) -> sa.Update:
    """A change of the batch if it is in one of `states`."""
    return sa.update(batches).where(batches.c.id == batch_id, batches.c.state.in_(states))
