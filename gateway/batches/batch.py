"""A batch as it is stored, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from contracts.json_fields import write_time
from gateway.batches.states import BatchState


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One row of the table `batches`; times are seconds since the epoch."""

    id: str
    owner: str
    name: str
    state: BatchState
    note: str | None
    created_at: float
    confirmed_at: float | None
    ended_at: float | None
    rows: int
    duplicates: int
    bad_lines: int
    plan: Mapping[str, Any] | None
    planned_at: float | None
    explain: bool
    model_version: int | None
    emulated: bool

    @classmethod
    def read(cls, row: RowMapping) -> Batch:
        """From the database."""
        known = {name: row[name] for name in cls.__slots__ if name not in {"state", "plan"}}
        plan = None if row["plan"] is None else json.loads(row["plan"])
        return cls(**known, state=BatchState(row["state"]), plan=plan)

    @property
    def title(self) -> str:
        """Its name, or when it was given."""
        return self.name or f"Batch of {datetime.fromtimestamp(self.created_at, UTC):%-d %B %Y, %H:%M} UTC"

    @property
    def planned_seconds(self) -> float | None:
        """How long the plan says it takes, None where no plan tells."""
        finish = (self.plan or {}).get("finish_at")
        if self.plan is None or self.planned_at is None or (finish is None and self.plan["requests"]):
            return None
        return max(0.0, datetime.fromisoformat(finish).timestamp() - self.planned_at) if finish else 0.0

    def to_json(self) -> dict[str, Any]:
        """What the API shows of it; the owner stays out."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state.value,
            "note": self.note,
            "created_at": iso(self.created_at),
            "confirmed_at": iso(self.confirmed_at),
            "ended_at": iso(self.ended_at),
            "rows": self.rows,
            "duplicates": self.duplicates,
            "bad_lines": self.bad_lines,
            "plan": None if self.plan is None else {**self.plan, "minutes": minutes(self.planned_seconds)},
            "planned_at": iso(self.planned_at),
            "explain": self.explain,
            "model_version": self.model_version,
            "emulated": self.emulated,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a batch has come; `eta_at` in seconds since the epoch, None where nothing tells.

    `outcomes` counts done rows, `labels` those of them with an answer; `waiting_until` and `waiting_for` tell of a
    platform's limit.
    """

    states: Mapping[str, int]
    outcomes: Mapping[str, int]
    labels: Mapping[str, int]
    unsure: int
    per_minute: float
    eta_at: float | None
    waiting_until: float | None
    waiting_for: str | None

    @property
    def done(self) -> int:
        """Rows with an outcome."""
        return self.states.get("done", 0)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "rows": {state: self.states.get(state, 0) for state in ("waiting", "claimed", "done")},
            "outcomes": dict(self.outcomes),
            "labels": dict(self.labels),
            "unsure": self.unsure,
            "per_minute": round(self.per_minute, 1),
            "eta_at": iso(self.eta_at),
            "waiting_until": iso(self.waiting_until),
            "waiting_for": self.waiting_for,
        }


def iso(seconds: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return None if seconds is None else write_time(datetime.fromtimestamp(round(seconds, 3), UTC))


def minutes(seconds: float | None) -> float | None:
    """For people: minutes with one digit."""
    return None if seconds is None else round(seconds / 60, 1)
