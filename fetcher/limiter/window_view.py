"""One window as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass

from fetcher.limiter.counting import counted, leaves, limit_of, reset_between, used
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


def view(rules: Rules, state: State, now: float) -> list[WindowView]:
    """Every window at `now`."""
    now = max(now, state.latest)
    return [_view(rules, state, window, now) for window in rules.windows]


def _view(rules: Rules, state: State, window: Window, now: float) -> WindowView:
    kept = counted(rules, state, window, now)
    limit = limit_of(window, kept)
    spent = state.spent_until > now
    taken = limit if spent else min(limit, used(kept))
    ends = [leaves(rules, state, window, entry) for entry in kept.entries]
    if kept.report is not None:
        ends.append(reset_between(rules, state, kept.report)[1])
    if spent:
        ends.append(state.spent_until)
    return WindowView(
        name=window.name,
        methods=tuple(sorted(window.methods)),
        seconds=window.seconds,
        limit=limit,
        used=taken,
        remaining=limit - taken,
        reset_at=max(ends, default=None),
    )
