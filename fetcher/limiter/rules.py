"""What the limits are: windows, pacing, penalties, money and the line. Values only; `limits_file` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.platforms import Platform

MICRO = 1_000_000
"""Money is counted in whole millionths of a US dollar."""


class Kind(StrEnum):
    """How a platform counts."""

    FIXED = "fixed"
    """A window begins with its first request and ends at a reset that the platform's headers name (X)."""
    SLIDING = "sliding"
    """The requests of the last `seconds` count, at any moment; there are no headers (Instagram)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` requests of all `methods` together per `seconds`, for one credential.

    A limit that the platform names takes the place of `limit`, but never goes beyond `most`.
    """

    name: str
    methods: frozenset[str]
    kind: Kind
    limit: int
    seconds: float
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalties:
    """How long nothing is sent after an answer, in seconds."""

    rate_limited_s: float
    """After the first refusal without a reset time; doubles with each further one."""
    rate_limited_max_s: float
    blocked_s: float
    """After checkpoint, challenge or feedback: the whole credential rests."""
    not_in_plan_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent for one credential, in US dollars per UTC day and UTC month; None is no bound."""

    day_usd: float | None = None
    month_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that decides about one platform's requests."""

    windows: tuple[Window, ...]
    penalties: Penalties
    pace_from_share: float
    """Below half of this share of a window, what is left is spread over what remains of it, also for people."""
    clock_tolerance_s: float
    """By how much clocks may differ, or be set while the fetcher is down, without a limit being exceeded."""
    margin_s: float
    """Added behind every window's end."""
    in_flight_s: float
    """No request takes longer than this; one that was never settled counts from then."""
    people_share: float = 0.0
    """This share of a window is kept for people; in a fixed one, what they leave goes to batches as the end nears."""
    spacing_s: float = 0.0
    """Between two requests of a credential passes at least this long, and up to half as long again by chance."""
    ticket_grace_s: float = 60.0
    """For so long after its time the place of a ticket is kept."""
    patience_s: float = 900.0
    """A batch whose ticket has waited longer goes with the people, so that nobody starves."""
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, float] = field(default_factory=dict)
    """US dollars per account that a method returns; a method that is not listed is free."""

    def of(self, method: str) -> tuple[Window, ...]:
        """The windows that a request of `method` counts in."""
        return tuple(window for window in self.windows if method in window.methods)

    def cost(self, method: str, accounts: int) -> int:
        """What `accounts` accounts cost by `method`, in millionths of a dollar."""
        return round(self.prices.get(method, 0.0) * MICRO) * accounts

    @property
    def longest_s(self) -> float:
        """The length of the longest window."""
        return max((window.seconds for window in self.windows), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The rules of every platform, and for how long the ledger is kept."""

    rules: Mapping[Platform, Rules]
    ledger_days: float
