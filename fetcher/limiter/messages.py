"""What goes into the core and what comes out of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fetcher.limiter.state import Reason, State


@dataclass(frozen=True, slots=True)
class Request:
    """One upstream request of `method` for `accounts` accounts; `token` names it until it is settled.

    `tickets` are those of the callers that it is for.
    """

    method: str
    token: str
    person: bool = True
    accounts: int = 1
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Send now; `state` is what must be stored first."""

    state: State


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`; `scope` is the window or method that says so.

    `affordable` is for how many accounts there would be money now, where money is what is missing.
    """

    until: float
    reason: Reason
    scope: str
    affordable: int = 0


class AnswerKind(StrEnum):
    """What an answer means for the requests to come."""

    SERVED = "served"
    RATE_LIMITED = "rate-limited"
    USAGE_CAPPED = "usage-capped"
    BLOCKED = "blocked"
    NOT_IN_PLAN = "not-in-plan"
    FAILED = "failed"
    """5xx, or something unreadable."""
    LOST = "lost"
    """No answer came; the platform may have counted the request."""
    UNSENT = "unsent"
    """It was granted and then not needed: nothing left the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a request ended, with what the headers said; None = header missing. Times on the platform's clock.

    `billed` is for how many accounts the platform charges; None is unknown, and the reservation stands.
    """

    kind: AnswerKind
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    server_time: float | None = None
    retry_after_s: float | None = None
    billed: int | None = None
