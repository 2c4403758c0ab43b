"""What counts in a window at a moment, and when that ends.

A request counts from its grant until its window has certainly ended for it: a sliding window ends `seconds` after the
request's answer (when the platform may have counted it at the latest), a fixed one at the reset that the headers name.
Where headers are missing, a fixed window is kept like a sliding one, which is stricter whatever its alignment is.
Many ended requests are rounded up into steps of time, which may count them a little too long, never too short.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import replace
from math import ceil

from fetcher.limiter.rules import Rules, Window
from fetcher.limiter.state import Ended, Report, State, WindowState

_MOST_EXACT = 160
_STEPS = 128
_NOTHING = WindowState()


def counted(rules: Rules, state: State, window: Window, now: float) -> WindowState:
    """The window's state without what no longer counts at `now`."""
    kept = state.windows.get(window.name, _NOTHING)
    report, over_since = kept.report, float("-inf")
    if report is not None:
        earliest, latest = reset_between(rules, state, report)
        if now >= latest:
            report, over_since = None, earliest
    ended = kept.ended
    if ended:
        cut, tolerance = now - window.seconds - rules.margin_s, rules.clock_tolerance_s
        ended = tuple(
            each for each in ended if each.at + (tolerance if each.old else 0.0) > cut and each.at >= over_since
        )
    if report is kept.report and len(ended) == len(kept.ended):
        return kept
    return kept._replace(ended=ended, report=report)


def used(state: State, window: Window, kept: WindowState) -> int:
    """How many requests count: those that the platform reported, and those that it cannot have reported yet."""
    reported = 0 if kept.report is None else kept.report.used
    return reported + sum([each.requests for each in kept.ended]) + flying(state, window)


def flying(state: State, window: Window) -> int:
    """How many requests of the window are on their way."""
    return sum([flight.method in window.methods for flight in state.flights.values()])


def limit_of(window: Window, kept: WindowState) -> int:
    """The limit that the platform named last, else the configured one, as far as it is used after refusals."""
    limit = window.limit if kept.limit is None else kept.limit
    if window.most is not None:
        limit = min(limit, window.most)
    return limit if kept.allowance >= 1.0 else max(1, int(limit * kept.allowance))


def free_at(rules: Rules, state: State, window: Window, now: float, places: int = 1) -> float:
    """The first moment at which the window, left alone, has `places` places; at most the limit can be free at once."""
    kept = counted(rules, state, window, now)
    limit = limit_of(window, kept)
    rounds, places = divmod(max(1, places) - 1, limit)
    missing = used(state, window, kept) + places + 1 - limit
    for moment, count in sorted(releases(rules, state, window, kept)):
        if missing <= 0:
            break
        now, missing = max(now, moment), missing - count
    return now + rounds * window.seconds


def releases(rules: Rules, state: State, window: Window, kept: WindowState) -> Iterable[tuple[float, int]]:
    """When how many requests stop counting."""
    behind = window.seconds + rules.margin_s
    earliest, latest = float("-inf"), float("inf")
    if kept.report is not None:
        earliest, latest = reset_between(rules, state, kept.report)
        yield latest, kept.report.used
    for each in kept.ended:
        leaves = each.at + behind + (rules.clock_tolerance_s if each.old else 0.0)
        yield (min(leaves, latest) if each.at < earliest else leaves), each.requests
    for flight in state.flights.values():
        if flight.method in window.methods:
            tolerance = rules.clock_tolerance_s if flight.granted_at <= state.opened_at else 0.0
            yield flight.granted_at + rules.in_flight_s + behind + tolerance, 1


def landed(rules: Rules, state: State, now: float) -> State:
    """`state`, in which requests that were never settled have ended when they must have."""
    late = [token for token, flight in state.flights.items() if flight.granted_at + rules.in_flight_s <= now]
    if not late:
        return state
    flights, windows = dict(state.flights), dict(state.windows)
    for token in late:
        flight = flights.pop(token)
        old = flight.granted_at <= state.opened_at
        for window in rules.of(flight.method):
            kept = windows.get(window.name, _NOTHING)
            windows[window.name] = with_ended(window, kept, flight.granted_at + rules.in_flight_s, old=old)
    return replace(state, flights=flights, windows=windows)


def with_ended(window: Window, kept: WindowState, at: float, *, old: bool) -> WindowState:
    """`kept` with one more request that ended."""
    ended = list(kept.ended)
    insort(ended, Ended(at, 1, old))
    if len(ended) > _MOST_EXACT:
        ended = _rounded(ended, window.seconds / _STEPS)
    return kept._replace(ended=tuple(ended))


def _rounded(ended: Iterable[Ended], step: float) -> list[Ended]:
    sums: dict[tuple[float, bool], int] = {}
    for each in ended:
        key = (max(each.at, ceil(each.at / step) * step), each.old)
        sums[key] = sums.get(key, 0) + each.requests
    return sorted(Ended(at, count, old) for (at, old), count in sums.items())


def reset_between(rules: Rules, state: State, report: Report) -> tuple[float, float]:
    """Between which two moments of our clock the platform's reset lies."""
    if state.skew is None:
        return report.reset - rules.clock_tolerance_s, report.reset + rules.clock_tolerance_s + rules.margin_s
    earliest = report.reset + state.skew.offset - state.skew.error
    return earliest, report.reset + state.skew.offset + rules.margin_s
