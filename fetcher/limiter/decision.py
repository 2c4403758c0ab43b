"""The pure core of the rate-limit handler: no I/O, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fetcher.limiter.counting import counted, free_at, limit_of, reset_between, used
from fetcher.limiter.messages import Grant, Request, Wait
from fetcher.limiter.rules import Rules, Window
from fetcher.limiter.state import EVERY_METHOD, Entry, Reason, State


def decide(rules: Rules, state: State, request: Request, now: float) -> Grant | Wait:
    """Whether `request` may be sent at `now`; the longest of all waits wins.

    Raises KeyError for a method that no window limits.
    """
    now = max(now, state.latest)
    windows = rules.of(request.method)
    if not windows:
        raise KeyError(request.method)
    waits = [*_penalty_waits(state, request.method, now)]
    for window in windows:
        waits += _window_waits(rules, state, window, now)
    if waits:
        return max(waits, key=lambda wait: wait.until)
    changed = dict(state.windows)
    for window in windows:
        before = counted(rules, state, window, now)
        entries = (*before.entries, Entry(request.token, now))
        changed[window.name] = replace(before, entries=entries, last_grant=now)
    return Grant(replace(state, windows=changed, latest=now))


def opened(rules: Rules, state: State, now: float, step: float = 0.0) -> State:
    """The state as a process takes it up: its clock may differ from the last one's by the tolerance.

    `step` is by how much the clock was just set, where that was noticed. A clock that is off by more than the
    tolerance makes every time in the state meaningless, so all windows count as spent.
    """
    if max(abs(step), state.latest - now) > rules.clock_tolerance_s:
        return spent(rules, now)
    moment = max(now, state.latest)
    return replace(state, skew=None, opened_at=moment, latest=moment)


def spent(rules: Rules, now: float) -> State:
    """The state of a credential of which nothing is known any more: every window is spent."""
    until = now + rules.longest_s + rules.in_flight_s + rules.clock_tolerance_s
    return State(opened_at=now, latest=now, spent_until=until)


def _penalty_waits(state: State, method: str, now: float) -> Iterable[Wait]:
    if state.spent_until > now:
        yield Wait(state.spent_until, Reason.LOST_STORE, EVERY_METHOD)
    for scope in (EVERY_METHOD, method):
        penalty = state.penalties.get(scope)
        if penalty is not None and penalty.until > now:
            yield Wait(penalty.until, penalty.reason, scope)


def _window_waits(rules: Rules, state: State, window: Window, now: float) -> Iterable[Wait]:
    kept = counted(rules, state, window, now)
    limit = limit_of(window, kept)
    remaining = limit - used(kept)
    if remaining <= 0:
        yield Wait(free_at(rules, state, window, now), Reason.WINDOW, window.name)
    elif remaining <= limit * rules.pace_from_share and kept.last_grant is not None:
        if kept.report is None:
            gap = window.seconds / limit
        else:
            gap = (reset_between(rules, state, kept.report)[1] - now) / remaining
        if kept.last_grant + gap > now:
            yield Wait(kept.last_grant + gap, Reason.PACING, window.name)
