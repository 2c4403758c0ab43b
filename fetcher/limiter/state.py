"""What the handler remembers of one credential on one platform. Immutable; JSON both ways for the stores.

All times are seconds since the epoch on the handler's clock, except `Report.reset`, which is the platform's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a request has to wait."""

    WINDOW = "window"
    PACING = "pacing"
    RATE_LIMITED = "rate-limited"
    BLOCKED = "blocked"
    BUDGET = "budget"
    NOT_IN_PLAN = "not-in-plan"
    LOST_STORE = "lost-store"


@dataclass(frozen=True, slots=True)
class Entry:
    """A granted request which no header has accounted for; `ended_at` is None while it is on its way."""

    token: str
    granted_at: float
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the platform's headers said last of a fixed window: `used` of `limit` until `reset` on its own clock."""

    limit: int
    used: int
    reset: float


@dataclass(frozen=True, slots=True)
class WindowState:
    """What counts in one window."""

    entries: tuple[Entry, ...] = ()
    report: Report | None = None
    last_grant: float | None = None
    limit: int | None = None
    """The limit that the platform named last, if it ever did."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """Nothing is sent before `until`; `refusals` in a row led here."""

    until: float
    reason: Reason
    refusals: int


@dataclass(frozen=True, slots=True)
class Skew:
    """The handler's clock minus the platform's: between `offset - error` and `offset`, in seconds."""

    offset: float
    error: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything known of one credential on one platform."""

    windows: Mapping[str, WindowState] = field(default_factory=dict)
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    """By method, or `EVERY_METHOD`."""
    skew: Skew | None = None
    opened_at: float = 0.0
    """When the clock was last taken up anew (start of a process, or somebody set the clock)."""
    spent_until: float = 0.0
    """Until then every window counts as spent, because what was in them is not known."""
    latest: float = 0.0
    """The latest time seen; the handler's time never runs backwards."""


EVERY_METHOD = "*"


def to_text(state: State) -> str:
    """JSON."""
    return json.dumps(asdict(state), separators=(",", ":"))


def from_text(text: str) -> State:
    """Read `to_text`'s form; raises ValueError, KeyError or TypeError for anything else."""
    record: dict[str, Any] = json.loads(text)
    return State(
        windows={name: _window(window) for name, window in record["windows"].items()},
        penalties={
            name: Penalty(penalty["until"], Reason(penalty["reason"]), penalty["refusals"])
            for name, penalty in record["penalties"].items()
        },
        skew=None if record["skew"] is None else Skew(**record["skew"]),
        opened_at=record["opened_at"],
        spent_until=record["spent_until"],
        latest=record["latest"],
    )


def _window(record: dict[str, Any]) -> WindowState:
    report = record["report"]
    return WindowState(
        tuple(Entry(**entry) for entry in record["entries"]),
        None if report is None else Report(**report),
        record["last_grant"],
        record["limit"],
    )
