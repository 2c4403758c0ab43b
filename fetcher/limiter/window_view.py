"""One window as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass

from fetcher.limiter.counting import counted, landed, limit_of, releases, used
from fetcher.limiter.rules import Rules, Window
from fetcher.limiter.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """`reset_at` is when the window is free again in full; None where it is free now."""

    name: str
    methods: tuple[str, ...]
    seconds: float
    limit: int
    used: int
    remaining: int
    reset_at: float | None
    for_people: int
    """Places that batches leave to people now."""
    pace_s: float
    """Seconds from one request to the next at which what remains lasts until the reset; 0 where nothing is held."""
    allowance: float
    """The part of the limit that is used after refusals."""


def view(rules: Rules, state: State, now: float) -> list[WindowView]:
    """Every window at `now`."""
    now = max(now, state.latest)
    state = landed(rules, state, now)
    return [_view(rules, state, window, now) for window in rules.windows]


def _view(rules: Rules, state: State, window: Window, now: float) -> WindowView:
    kept = counted(rules, state, window, now)
    limit = limit_of(window, kept)
    spent = state.spent_until > now
    taken = limit if spent else min(limit, used(state, window, kept))
    ends = [moment for moment, count in releases(rules, state, window, kept) if count]
    if spent:
        ends.append(state.spent_until)
    reset_at = max(ends, default=None)
    left_s = window.seconds if reset_at is None else min(window.seconds, max(0.0, reset_at - now))
    share = left_s / window.seconds if kept.report is not None else 1.0
    remaining = limit - taken
    return WindowView(
        name=window.name,
        methods=tuple(sorted(window.methods)),
        seconds=window.seconds,
        limit=limit,
        used=taken,
        remaining=remaining,
        reset_at=reset_at,
        for_people=min(remaining, int(rules.people_share * limit * share)),
        pace_s=left_s / remaining if remaining else 0.0,
        allowance=kept.allowance,
    )
