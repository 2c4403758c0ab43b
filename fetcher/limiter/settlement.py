"""What an answer changes: headers replace our own count in both directions, refusals bring penalties. Pure.

Answers overtake each other and some are lost, so a header accounts for exactly those requests that had certainly
reached the platform before it was written: the answered one, and all that had ended before that one was granted.
"""

from __future__ import annotations

from dataclasses import replace

from fetcher.limiter.counting import end_of
from fetcher.limiter.messages import Answer, Request
from fetcher.limiter.penalties import penalties_after
from fetcher.limiter.rules import Kind, Rules, Window
from fetcher.limiter.state import Report, Skew, State, WindowState


def settle(rules: Rules, state: State, request: Request, answer: Answer, now: float) -> State:
    """The state after `request` was answered, or given up (`AnswerKind.LOST`)."""
    now = max(now, state.latest)
    granted_at = _granted_at(state, request, now)
    state = replace(state, skew=_measured(state.skew, answer, granted_at, now), latest=now)
    changed = dict(state.windows)
    for window in rules.of(request.method):
        kept = _ended(state.windows.get(window.name, WindowState()), request, now)
        report = _reported(rules, state, window, answer, now)
        changed[window.name] = kept if report is None else _covered(rules, kept, report, request, granted_at)
    state = replace(state, windows=changed)
    return replace(state, penalties=penalties_after(rules, state, request.method, answer, now))


def _granted_at(state: State, request: Request, now: float) -> float:
    """When `request` was granted; for one that the state has forgotten, a time before every entry: it covers none."""
    grants = [
        entry.granted_at for kept in state.windows.values() for entry in kept.entries if entry.token == request.token
    ]
    return min(grants, default=min(now, 0.0))


def _measured(skew: Skew | None, answer: Answer, granted_at: float, now: float) -> Skew | None:
    """The clock difference that follows from a Date header, which is cut to the second; the tightest bound is kept."""
    if answer.server_time is None:
        return skew
    measured = Skew(offset=now - answer.server_time, error=now - granted_at + 1.0)
    return measured if skew is None or measured.offset <= skew.offset else skew


def _ended(kept: WindowState, request: Request, now: float) -> WindowState:
    entries = (replace(entry, ended_at=now) if entry.token == request.token else entry for entry in kept.entries)
    return replace(kept, entries=tuple(entries))


def _covered(rules: Rules, kept: WindowState, report: Report, request: Request, granted_at: float) -> WindowState:
    """`kept` with `report` in the place of the requests that it includes."""
    others = (entry for entry in kept.entries if entry.token != request.token)
    newest = _newer(kept.report, report)
    return replace(
        kept,
        entries=tuple(entry for entry in others if end_of(rules, entry) >= granted_at),
        report=newest,
        limit=newest.limit,
    )


def _newer(old: Report | None, new: Report) -> Report:
    """Answers may overtake each other: in one window the platform's count only grows."""
    if old is None or new.reset > old.reset + 1:
        return new
    if new.reset < old.reset - 1:
        return old
    return Report(new.limit, max(old.used, new.used), max(old.reset, new.reset))


def _reported(rules: Rules, state: State, window: Window, answer: Answer, now: float) -> Report | None:
    """What the headers say of `window`, if they are complete and believable."""
    if window.kind is not Kind.FIXED or answer.remaining is None or answer.reset is None:
        return None
    limit = window.limit if answer.limit is None else answer.limit
    offset = 0.0 if state.skew is None else state.skew.offset
    ahead = answer.reset + offset - now
    slack = rules.clock_tolerance_s + rules.in_flight_s
    if limit < 1 or not 0 <= answer.remaining <= limit or not -slack <= ahead <= window.seconds + slack:
        return None
    return Report(limit, limit - answer.remaining, answer.reset)
