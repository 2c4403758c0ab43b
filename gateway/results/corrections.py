"""Corrections: somebody says that an answer was wrong, and an operator decides whether training may learn from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from contracts.profile import Profile
from gateway.results.disguise import disguise
from gateway.results.store import ResultStore, reading, writing
from gateway.results.stored import StoredResult, time_text
from gateway.results.tables import corrections, results
from gateway.results.tombstones import share_ground

MOST_COMMENT = 1000
MOST_SHOWN = 200


class CorrectionState(StrEnum):
    """Only what an operator approved is read by training."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class NoSuchResult(LookupError):  # noqa: N818 - it names what was asked for.
    """The owner has no such result."""


class AlreadyDecided(Exception):  # noqa: N818 - it names what happened.
    """An operator decided about this correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What would have been right (`label`) instead of `answered_label`; `profile` is disguised.

    `handle` names the account while its result is kept. Times are seconds since the epoch.
    """

    id: str
    owner: str
    result_id: str
    platform: str
    handle: str | None
    profile: Profile
    label: str
    answered_label: str
    model_version: int
    emulated: bool
    comment: str
    state: CorrectionState
    made_at: float
    decided_at: float | None
    decided_by: str | None

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": self.id,
            "result_id": self.result_id,
            "platform": self.platform,
            "handle": self.handle,
            "label": self.label,
            "answered_label": self.answered_label,
            "model_version": self.model_version,
            "emulated": self.emulated,
            "comment": self.comment,
            "state": self.state.value,
            "made_by": self.owner,
            "made_at": time_text(self.made_at),
            "decided_at": None if self.decided_at is None else time_text(self.decided_at),
            "decided_by": self.decided_by,
        }


class Corrections:
    """Every method raises DatabaseUnavailableError; `now` is seconds since the epoch."""

    def __init__(self, engine: sa.Engine, store: ResultStore, now: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._now = now

    def make(self, owner: str, result_id: str, label: str, comment: str = "") -> Correction:
        """Say that `label` would have been right; a second time takes the place of the first.

        Raises NoSuchResult, or AlreadyDecided.
        """
        result = self._store.get(owner, result_id, self._now())
        if result is None:
            raise NoSuchResult
        same = (corrections.c.owner == owner) & (corrections.c.result_id == result_id)
        with writing(self._engine) as connection:
            share_ground(connection)
            # A deletion may have come in between.
            there = sa.select(results.c.id).where(results.c.id == result_id)
            if connection.execute(there).first() is None:
                raise NoSuchResult
            state = connection.execute(sa.select(corrections.c.state).where(same)).scalar()
            if state not in {None, CorrectionState.PENDING}:
                raise AlreadyDecided
            connection.execute(sa.delete(corrections).where(same))
            connection.execute(sa.insert(corrections), self._row(result, label, comment))
        return self.listed(owner=owner, result_id=result_id)[0]

    def listed(
        self, *, owner: str | None = None, state: CorrectionState | None = None, result_id: str | None = None
    ) -> list[Correction]:
        """The newest corrections, of everybody where `owner` is None."""
        wanted = _selected()
        for column, value in (
            (corrections.c.owner, owner),
            (corrections.c.state, state),
            (corrections.c.result_id, result_id),
        ):
            if value is not None:
                wanted = wanted.where(column == value)
        newest = wanted.order_by(corrections.c.made_at.desc(), corrections.c.id).limit(MOST_SHOWN)
        with reading(self._engine) as connection:
            return [_read(dict(row)) for row in connection.execute(newest).mappings()]

    def decide(self, correction_id: str, state: CorrectionState, by: str) -> Correction | None:
        """Approve or reject a correction; None where there is none. A decision can be changed."""
        same = corrections.c.id == correction_id
        with writing(self._engine) as connection:
            values = {"state": state.value, "decided_at": self._now(), "decided_by": by}
            connection.execute(sa.update(corrections).where(same).values(values))
        with reading(self._engine) as connection:
            row = connection.execute(_selected().where(same)).mappings().first()
        return None if row is None else _read(dict(row))

    def export(self) -> Iterator[str]:
        """The approved ones, oldest first, a line each as `python -m training feedback --corrections` reads them."""
        approved = corrections.c.state == CorrectionState.APPROVED
        order = sa.select(corrections.c.profile, corrections.c.label).where(approved).order_by(corrections.c.decided_at)
        with reading(self._engine) as connection:
            found = connection.execute(order).all()
        for profile, label in found:
            line = {"profile": json.loads(profile), "label": label, "approved": True}
            yield f"{json.dumps(line, ensure_ascii=False)}\n"

    def _row(self, result: StoredResult, label: str, comment: str) -> dict[str, Any]:
        profile = disguise(result.profile, result.id_hash or result.handle_hash or result.id)
        return {
            "id": uuid4().hex,
            "owner": result.owner,
            "result_id": result.id,
            "platform": result.platform.value,
            "id_hash": result.id_hash,
            "handle_hash": result.handle_hash,
            "profile": json.dumps(profile.to_json(), ensure_ascii=False, separators=(",", ":")),
            "label": label,
            "answered_label": result.label,
            "model_version": result.model_version,
            "emulated": result.emulated,
            "comment": comment[:MOST_COMMENT],
            "state": CorrectionState.PENDING.value,
            "made_at": self._now(),
            "decided_at": None,
            "decided_by": None,
        }


def _selected() -> sa.Select[Any]:
    joined = corrections.outerjoin(results, corrections.c.result_id == results.c.id)
    return sa.select(corrections, results.c.handle).select_from(joined)


def _read(row: Mapping[str, Any]) -> Correction:
    values = {name: value for name, value in row.items() if name not in {"id_hash", "handle_hash"}}
    values["profile"] = Profile.from_json(json.loads(row["profile"]))
    values["state"] = CorrectionState(row["state"])
    return Correction(**values)
