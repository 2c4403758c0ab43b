"""What counts in a window at a moment, and when that ends.

A request counts from its grant until its window has certainly ended for it: a sliding window ends `seconds` after the
request's answer (when the platform may have counted it at the latest), a fixed one at the reset that the headers name.
Where headers are missing, a fixed window is kept like a sliding one, which is stricter whatever its alignment is.
"""

from __future__ import annotations

from dataclasses import replace

from fetcher.limiter.rules import Rules, Window
from fetcher.limiter.state import Entry, Report, State, WindowState


def counted(rules: Rules, state: State, window: Window, now: float) -> WindowState:
    """The window's state without what no longer counts at `now`."""
    kept = state.windows.get(window.name, WindowState())
    report, over_since = kept.report, None
    if report is not None:
        earliest, latest = reset_between(rules, state, report)
        if now >= latest:
            report, over_since = None, earliest
    entries = tuple(
        entry
        for entry in kept.entries
        if leaves(rules, state, window, entry) > now
        and not (over_since is not None and entry.ended_at is not None and entry.ended_at < over_since)
    )
    return replace(kept, entries=entries, report=report)


def used(kept: WindowState) -> int:
    """How many requests count: those that the platform reported, and those that it cannot have reported yet."""
    return len(kept.entries) + (0 if kept.report is None else kept.report.used)


def limit_of(window: Window, kept: WindowState) -> int:
    """The limit that the platform named last, else the configured one."""
    return window.limit if kept.limit is None else kept.limit


def free_at(rules: Rules, state: State, window: Window, now: float) -> float:
    """The first moment at which the window, left alone, has room for a request."""
    kept = counted(rules, state, window, now)
    moments = [leaves(rules, state, window, entry) for entry in kept.entries]
    if kept.report is not None:
        moments.append(reset_between(rules, state, kept.report)[1])
    for moment in sorted(moments):
        after = counted(rules, state, window, moment)
        if used(after) < limit_of(window, after):
            return moment
    return now


def end_of(rules: Rules, entry: Entry) -> float:
    """When the platform has counted the request at the latest."""
    return entry.granted_at + rules.in_flight_s if entry.ended_at is None else entry.ended_at


def leaves(rules: Rules, state: State, window: Window, entry: Entry) -> float:
    """When `entry` no longer counts; times from before the clock was taken up are known to the tolerance only."""
    tolerance = rules.clock_tolerance_s if entry.granted_at <= state.opened_at else 0.0
    return end_of(rules, entry) + window.seconds + rules.margin_s + tolerance


def reset_between(rules: Rules, state: State, report: Report) -> tuple[float, float]:
    """Between which two moments of our clock the platform's reset lies."""
    if state.skew is None:
        return report.reset - rules.clock_tolerance_s, report.reset + rules.clock_tolerance_s + rules.margin_s
    earliest = report.reset + state.skew.offset - state.skew.error
    return earliest, report.reset + state.skew.offset + rules.margin_s
