"""What the handler remembers of one credential on one platform. Immutable; a short text both ways for the stores.

All times are seconds since the epoch on the store's clock, except `Report.reset`, which is the platform's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Reason(StrEnum):
    """Why a request has to wait."""

    WINDOW = "window"
    PACING = "pacing"
    SPACING = "spacing"
    LINE = "line"
    RATE_LIMITED = "rate-limited"
    BLOCKED = "blocked"
    BUDGET = "budget"
    NOT_IN_PLAN = "not-in-plan"
    LOST_STORE = "lost-store"


class Flight(NamedTuple):
    """A granted request that is on its way; `cost` is reserved for it (millionths of a dollar)."""

    method: str
    granted_at: float
    cost: int = 0


class Ended(NamedTuple):
    """`requests` requests that ended at `at` at the latest, and for which no header has accounted.

    `old`: they were granted before the clock was taken up, so `at` is known to the tolerance only.
    """

    at: float
    requests: int
    old: bool


class Report(NamedTuple):
    """What the platform's headers said last of a fixed window: `used` of `limit` until `reset` on its own clock."""

    limit: int
    used: int
    reset: float


class WindowState(NamedTuple):
    """What counts in one window, beside the requests on their way."""

    ended: tuple[Ended, ...] = ()
    report: Report | None = None
    last_grant: float | None = None
    limit: int | None = None
    """The limit that the platform named last, if it ever did."""
    allowance: float = 1.0
    """The part of the limit that is used: halved by a refusal nobody foresaw, regained request by request."""


class Penalty(NamedTuple):
    """Nothing is sent before `until`; `refusals` in a row led here."""

    until: float
    reason: Reason
    refusals: int


class Skew(NamedTuple):
    """The handler's clock minus the platform's: between `offset - error` and `offset`, in seconds."""

    offset: float
    error: float


class Ticket(NamedTuple):
    """A place in the line for `places` requests of `method`: served first from `due` on, forgotten at `expires`."""

    id: str
    person: bool
    client: str
    """Whose batch this is; batches of several clients take turns."""
    method: str
    since: float
    due: float
    expires: float
    places: int


@dataclass(frozen=True, slots=True)
class State:
    """Everything known of one credential on one platform."""

    windows: Mapping[str, WindowState] = field(default_factory=dict)
    flights: Mapping[str, Flight] = field(default_factory=dict)
    """By token."""
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    """By method, or `EVERY_METHOD`."""
    skew: Skew | None = None
    opened_at: float = 0.0
    """When the clock was last taken up anew (start of a process, or somebody set the clock)."""
    spent_until: float = 0.0
    """Until then every window counts as spent, because what was in them is not known."""
    latest: float = 0.0
    """The latest time seen; the handler's time never runs backwards."""
    spending: Mapping[str, int] = field(default_factory=dict)
    """Millionths of a dollar, reserved ones included, by UTC day (2026-08-22) and month (2026-08)."""
    line: tuple[Ticket, ...] = ()
    last_sent: float = 0.0
    clock: str = ""
    """Which clock the times are of, where the store tells."""


EVERY_METHOD = "*"
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def to_text(state: State) -> str:
    """JSON without names inside."""
    return _encode(
        [state.windows, state.flights, state.penalties, state.skew, state.opened_at, state.spent_until, state.latest,
         state.spending, state.line, state.last_sent, state.clock]
    )  # fmt: skip


def from_text(text: str) -> State:
    """Read `to_text`'s form; raises ValueError, KeyError or TypeError for anything else."""
    record: Any = json.loads(text)
    windows, flights, penalties, skew, opened_at, spent_until, latest, spending, line, last_sent, clock = record
    return State(
        windows={name: _window(*window) for name, window in windows.items()},
        flights={token: Flight(*flight) for token, flight in flights.items()},
        penalties={
            scope: Penalty(until, Reason(reason), refusals) for scope, (until, reason, refusals) in penalties.items()
        },
        skew=None if skew is None else Skew(*skew),
        opened_at=opened_at,
        spent_until=spent_until,
        latest=latest,
        spending=spending,
        line=tuple(Ticket(*ticket) for ticket in line),
        last_sent=last_sent,
        clock=clock,
    )


def _window(ended: Any, report: Any, last_grant: Any, limit: Any, allowance: Any) -> WindowState:
    return WindowState(
        tuple(Ended(*each) for each in ended),
        None if report is None else Report(*report),
        last_grant,
        limit,
        allowance,
    )
