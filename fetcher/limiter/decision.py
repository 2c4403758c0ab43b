"""The pure core of the rate-limit handler: no I/O, no clock, no randomness.

A request counts in a window from its grant until the window has certainly ended for it: a sliding window ends
`seconds` after the request's answer (when the platform may have counted it at the latest), a fixed one at the reset
that the platform's headers name. Where headers are missing, a fixed window is kept like a sliding one, which is
stricter whatever the platform's alignment is. What headers say replaces our own count in both directions; requests
which they cannot yet include are added to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from fetcher.limiter.rules import Kind, Rules, Window
from fetcher.limiter.state import EVERY_METHOD, Entry, Penalty, Reason, Report, Skew, State, WindowState

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Request:
    """One upstream request of `method`; `token` names it until it is settled."""

    method: str
    token: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Send now; `state` is what must be stored first."""

    state: State


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`; `scope` is the window or method that says so."""

    until: float
    reason: Reason
    scope: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a request ended, with what the headers said; None = header missing. Times on the platform's clock."""

    kind: AnswerKind
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    server_time: float | None = None
    retry_after_s: float | None = None


def decide(rules: Rules, state: State, request: Request, now: float) -> Grant | Wait:
    """Whether `request` may be sent at `now`; the longest of all waits wins. Raises KeyError for an unlimited method."""
    now = max(now, state.latest)
    windows = rules.of(request.method)
    if not windows:
        raise KeyError(request.method)
    waits = [*_penalty_waits(state, request.method, now)]
    for window in windows:
        waits += _window_waits(rules, state, window, now)
    if waits:
        return max(waits, key=lambda wait: wait.until)
    entry = Entry(request.token, now)
    changed = dict(state.windows)
    for window in windows:
        before = _window_state(rules, state, window, now)
        changed[window.name] = replace(before, entries=(*before.entries, entry), last_grant=now)
    return Grant(replace(state, windows=changed, latest=now))


def settle(rules: Rules, state: State, request: Request, answer: Answer, now: float) -> State:
    """The state after `request` was answered, or given up (`AnswerKind.LOST`)."""
    now = max(now, state.latest)
    granted_at = _granted_at(state, request, now)
    skew = _measured(state.skew, answer, granted_at, now)
    state = replace(state, skew=skew, latest=now)
    changed = dict(state.windows)
    for window in rules.of(request.method):
        changed[window.name] = _settled(rules, state, window, request, answer, granted_at, now)
    state = replace(state, windows=changed)
    return replace(state, penalties=_penalties(rules, state, request.method, answer, now))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """One window as a person reads it; `reset_at` is when it is free again in full."""

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
    views = []
    for window in rules.windows:
        kept = _window_state(rules, state, window, now)
        limit = _limit(window, kept)
        used = limit if state.spent_until > now else min(limit, _used(kept))
        ends = [_leaves(rules, state, window, entry) for entry in kept.entries]
        if kept.report is not None:
            ends.append(_reset(rules, state, kept.report)[1])
        if state.spent_until > now:
            ends.append(state.spent_until)
        views.append(
            WindowView(
                name=window.name,
                methods=tuple(sorted(window.methods)),
                seconds=window.seconds,
                limit=limit,
                used=used,
                remaining=limit - used,
                reset_at=max(ends, default=None),
            )
        )
    return views


def _penalty_waits(state: State, method: str, now: float) -> Iterable[Wait]:
    if state.spent_until > now:
        yield Wait(state.spent_until, Reason.LOST_STORE, EVERY_METHOD)
    for scope in (EVERY_METHOD, method):
        penalty = state.penalties.get(scope)
        if penalty is not None and penalty.until > now:
            yield Wait(penalty.until, penalty.reason, scope)


def _window_waits(rules: Rules, state: State, window: Window, now: float) -> Iterable[Wait]:
    kept = _window_state(rules, state, window, now)
    limit = _limit(window, kept)
    remaining = limit - _used(kept)
    if remaining <= 0:
        yield Wait(_free_at(rules, state, window, kept, now), Reason.WINDOW, window.name)
    elif remaining <= limit * rules.pace_from_share and kept.last_grant is not None:
        left = window.seconds if kept.report is None else _reset(rules, state, kept.report)[1] - now
        gap = left / remaining if kept.report is not None else left / limit
        if kept.last_grant + gap > now:
            yield Wait(kept.last_grant + gap, Reason.PACING, window.name)


def _window_state(rules: Rules, state: State, window: Window, now: float) -> WindowState:
    """The window without what no longer counts at `now`."""
    kept = state.windows.get(window.name, WindowState())
    report, over_since = kept.report, None
    if report is not None:
        earliest, latest = _reset(rules, state, report)
        if now >= latest:
            report, over_since = None, earliest
    entries = tuple(
        entry
        for entry in kept.entries
        if _leaves(rules, state, window, entry) > now
        and not (over_since is not None and entry.ended_at is not None and entry.ended_at < over_since)
    )
    return replace(kept, entries=entries, report=report)


def _used(kept: WindowState) -> int:
    return len(kept.entries) + (0 if kept.report is None else kept.report.used)


def _limit(window: Window, kept: WindowState) -> int:
    return window.limit if kept.limit is None else kept.limit


def _free_at(rules: Rules, state: State, window: Window, kept: WindowState, now: float) -> float:
    """The first moment at which the window, left alone, has room again."""
    moments = [_leaves(rules, state, window, entry) for entry in kept.entries]
    if kept.report is not None:
        moments.append(_reset(rules, state, kept.report)[1])
    for moment in sorted(moments):
        after = _window_state(rules, replace(state, windows={window.name: kept}), window, moment)
        if _used(after) < _limit(window, after):
            return moment
    return now


def _end(rules: Rules, entry: Entry) -> float:
    """When the platform has counted the request at the latest."""
    return entry.granted_at + rules.in_flight_s if entry.ended_at is None else entry.ended_at


def _leaves(rules: Rules, state: State, window: Window, entry: Entry) -> float:
    """When `entry` no longer counts; before the clock was last taken up, times are known to the tolerance only."""
    tolerance = rules.clock_tolerance_s if entry.granted_at <= state.opened_at else 0.0
    return _end(rules, entry) + window.seconds + rules.margin_s + tolerance


def _reset(rules: Rules, state: State, report: Report) -> tuple[float, float]:
    """Between which two moments of our clock the platform's reset lies."""
    if state.skew is None:
        return report.reset - rules.clock_tolerance_s, report.reset + rules.clock_tolerance_s + rules.margin_s
    earliest = report.reset + state.skew.offset - state.skew.error
    return earliest, report.reset + state.skew.offset + rules.margin_s


def _granted_at(state: State, request: Request, now: float) -> float:
    """When `request` was granted; one that the state has forgotten counts as sent just now, which covers nothing."""
    grants = [
        entry.granted_at for kept in state.windows.values() for entry in kept.entries if entry.token == request.token
    ]
    return min(grants, default=now)


def _measured(skew: Skew | None, answer: Answer, granted_at: float, now: float) -> Skew | None:
    """The clock difference that follows from a Date header, which is cut to the second; the tightest bound is kept."""
    if answer.server_time is None:
        return skew
    measured = Skew(offset=now - answer.server_time, error=now - granted_at + 1.0)
    return measured if skew is None or measured.offset <= skew.offset else skew


def _settled(
    rules: Rules, state: State, window: Window, request: Request, answer: Answer, granted_at: float, now: float
) -> WindowState:
    kept = state.windows.get(window.name, WindowState())
    entries = tuple(replace(entry, ended_at=now) if entry.token == request.token else entry for entry in kept.entries)
    kept = replace(kept, entries=entries)
    report = _reported(rules, state, window, answer, now)
    if report is None:
        return kept
    # Whatever had ended before this request was granted is in the platform's count, and so is this request.
    pending = tuple(entry for entry in entries if entry.token != request.token and _end(rules, entry) > granted_at)
    newest = _newer(kept.report, report)
    return replace(kept, entries=pending, report=newest, limit=newest.limit)


def _newer(old: Report | None, new: Report) -> Report:
    """Answers may overtake each other: in one window the platform's count only grows."""
    if old is None or new.reset > old.reset + 1:
        return new
    if new.reset < old.reset - 1:
        return old
    return Report(new.limit, max(old.used, new.used), max(old.reset, new.reset))


def _reported(rules: Rules, state: State, window: Window, answer: Answer, now: float) -> Report | None:
    """What the headers say of `window`, if it is complete and believable."""
    if window.kind is not Kind.FIXED or answer.remaining is None or answer.reset is None:
        return None
    limit = window.limit if answer.limit is None else answer.limit
    offset = 0.0 if state.skew is None else state.skew.offset
    ahead = answer.reset + offset - now
    slack = rules.clock_tolerance_s + rules.in_flight_s
    if limit < 1 or not 0 <= answer.remaining <= limit or not -slack <= ahead <= window.seconds + slack:
        return None
    return Report(limit, limit - answer.remaining, answer.reset)


def _penalties(rules: Rules, state: State, method: str, answer: Answer, now: float) -> dict[str, Penalty]:
    penalties = {scope: penalty for scope, penalty in state.penalties.items() if penalty.until > now - _DAY_S}
    scales = rules.penalties
    before = penalties.get(method)
    refusals = 0 if before is None else before.refusals
    match answer.kind:
        case AnswerKind.SERVED:
            if before is not None and before.until <= now:
                penalties[method] = replace(before, refusals=max(0, refusals - 1))
        case AnswerKind.RATE_LIMITED:
            wait = min(scales.rate_limited_s * 2 ** min(refusals, 32), scales.rate_limited_max_s)
            until = now + max(wait, answer.retry_after_s or 0.0)
            if answer.reset is not None and answer.retry_after_s is None:
                report = Report(1, 1, answer.reset)
                reset_at = _reset(rules, state, report)[1]
                if now < reset_at < now + rules.longest_s + rules.clock_tolerance_s + rules.in_flight_s:
                    until = reset_at
            penalties[method] = Penalty(until, Reason.RATE_LIMITED, refusals + 1)
        case AnswerKind.USAGE_CAPPED:
            penalties[EVERY_METHOD] = Penalty((now // _DAY_S + 1) * _DAY_S, Reason.BUDGET, refusals + 1)
        case AnswerKind.BLOCKED:
            penalties[EVERY_METHOD] = Penalty(now + scales.blocked_s, Reason.BLOCKED, refusals + 1)
        case AnswerKind.NOT_IN_PLAN:
            penalties[method] = Penalty(now + scales.not_in_plan_s, Reason.NOT_IN_PLAN, refusals + 1)
        case AnswerKind.FAILED | AnswerKind.LOST:
            pass
    return penalties
