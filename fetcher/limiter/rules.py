"""What the limits are: windows of a platform's methods, pacing and penalties. Values only; `limits_file` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.platforms import Platform


class Kind(StrEnum):
    """How a platform counts."""

    FIXED = "fixed"
    """A window begins with its first request and ends at a reset that the platform's headers name (X)."""
    SLIDING = "sliding"
    """The requests of the last `seconds` count, at any moment; there are no headers (Instagram)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` requests of all `methods` together per `seconds`, for one credential."""

    name: str
    methods: frozenset[str]
    kind: Kind
    limit: int
    seconds: float


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
class Rules:
    """Everything that decides about one platform's requests."""

    windows: tuple[Window, ...]
    penalties: Penalties
    pace_from_share: float
    """Below this share of a window, what is left is spread over what remains of it."""
    clock_tolerance_s: float
    """By how much clocks may differ, or be set while the fetcher is down, without a limit being exceeded."""
    margin_s: float
    """Added behind every window's end."""
    in_flight_s: float
    """No request takes longer than this; one that was never settled counts from then."""

    def of(self, method: str) -> tuple[Window, ...]:
        """The windows that a request of `method` counts in."""
        return tuple(window for window in self.windows if method in window.methods)

    @property
    def longest_s(self) -> float:
        """The length of the longest window."""
        return max((window.seconds for window in self.windows), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The rules of every platform, and for how long the ledger is kept."""

    rules: Mapping[Platform, Rules]
    ledger_days: float
