"""What an answer changes: headers replace our own count in both directions, refusals bring penalties. Pure.

Answers overtake each other and some are lost, so a header accounts for exactly those requests that had certainly
reached the platform before it was written: the answered one, and all that had ended before that one was granted.
"""

from __future__ import annotations

from dataclasses import replace

from fetcher.limiter import money
from fetcher.limiter.counting import counted, landed, with_ended
from fetcher.limiter.messages import Answer, AnswerKind, Request
from fetcher.limiter.penalties import penalties_after
from fetcher.limiter.rules import Kind, Rules, Window
from fetcher.limiter.state import Flight, Report, Skew, State, WindowState

_LEAST_ALLOWANCE = 0.1
_REGAINED = 0.5
"""So much of the limit is regained while one whole limit is served."""


def settle(rules: Rules, state: State, request: Request, answer: Answer, now: float) -> State:
    """The state after `request` was answered, given up (`AnswerKind.LOST`) or not needed (`UNSENT`)."""
    now = max(now, state.latest)
    # One that the state has forgotten counts as granted before every other: its answer accounts for none of them.
    flight = state.flights.get(request.token, Flight(request.method, min(now, 0.0)))
    state = replace(
        state,
        flights={token: each for token, each in state.flights.items() if token != request.token},
        spending=money.settled(rules, state, flight, _billed(answer)),
        latest=now,
    )
    if answer.kind is AnswerKind.UNSENT:
        return state
    state = landed(rules, replace(state, skew=_measured(state.skew, answer, flight.granted_at, now)), now)
    changed = dict(state.windows)
    old = flight.granted_at <= state.opened_at
    for window in rules.of(request.method):
        kept = counted(rules, state, window, now)
        report = _reported(rules, state, window, answer, now)
        kept = with_ended(window, kept, now, old=old) if report is None else _covered(kept, report, flight.granted_at)
        changed[window.name] = kept._replace(allowance=_allowance(window, kept, answer, report))
    state = replace(state, windows=changed)
    return replace(state, penalties=penalties_after(rules, state, request.method, answer, now))


def _billed(answer: Answer) -> int | None:
    """Refusals cost nothing; of an answer that never came, or failed on its way, we do not know."""
    if answer.kind in {AnswerKind.SERVED, AnswerKind.LOST, AnswerKind.FAILED}:
        return answer.billed
    return 0


def _measured(skew: Skew | None, answer: Answer, granted_at: float, now: float) -> Skew | None:
    """The clock difference that follows from a Date header, which is cut to the second; the tightest bound is kept."""
    if answer.server_time is None:
        return skew
    measured = Skew(offset=now - answer.server_time, error=now - granted_at + 1.0)
    return measured if skew is None or measured.offset <= skew.offset else skew


def _covered(kept: WindowState, report: Report, granted_at: float) -> WindowState:
    """`kept` with `report` in the place of the requests that it includes."""
    newest = _newer(kept.report, report)
    ended = tuple(each for each in kept.ended if each.at >= granted_at)
    return kept._replace(ended=ended, report=newest, limit=newest.limit)


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


def _allowance(window: Window, kept: WindowState, answer: Answer, report: Report | None) -> float:
    """Multiplicative decrease, additive increase. Where headers say what is left, there is nothing to feel for."""
    if answer.kind is AnswerKind.RATE_LIMITED and report is None:
        return max(_LEAST_ALLOWANCE, kept.allowance / 2)
    if answer.kind is AnswerKind.SERVED and kept.allowance < 1.0:
        return min(1.0, kept.allowance + _REGAINED / window.limit)
    return kept.allowance
