"""The money budget: reserved before a request is sent, settled by what the platform charged. Pure.

Clocks differ by up to the tolerance, so around midnight UTC a request counts in both days (and months) that it may
belong to; no day is then ever overspent on the platform's clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from fetcher.limiter.messages import Request, Wait
from fetcher.limiter.rules import MICRO, Rules
from fetcher.limiter.state import Flight, Reason, State

_KEPT = 4
"""Days (and months) that are remembered."""


def periods(rules: Rules, now: float) -> list[str]:
    """The UTC days and months that `now` may belong to."""
    moments = [
        datetime.fromtimestamp(now + slack, UTC) for slack in (-rules.clock_tolerance_s, rules.clock_tolerance_s)
    ]
    return sorted({moment.strftime(form) for moment in moments for form in ("%Y-%m-%d", "%Y-%m")})


def left(rules: Rules, state: State, now: float) -> Iterator[tuple[str, int, int]]:
    """Period, bound and what is spent of it, for every period that has a bound now."""
    for period in periods(rules, now):
        bound = rules.budget.day_usd if len(period) > 7 else rules.budget.month_usd
        if bound is not None:
            yield period, round(bound * MICRO), state.spending.get(period, 0)


def budget_waits(rules: Rules, state: State, request: Request, now: float) -> Iterator[Wait]:
    """Until when the money does not suffice."""
    each = rules.cost(request.method, 1)
    if not each:
        return
    for period, bound, spent in left(rules, state, now):
        if spent + each * request.accounts > bound:
            yield Wait(_ends_at(period) + rules.clock_tolerance_s + 1, Reason.BUDGET, period, (bound - spent) // each)


def reserved(rules: Rules, state: State, cost: int, now: float) -> Mapping[str, int]:
    """The spending with `cost` more; of the oldest periods only the last few are kept."""
    if not cost:
        return state.spending
    spending = dict(state.spending)
    for period in periods(rules, now):
        spending[period] = spending.get(period, 0) + cost
    for length in (7, 10):
        for period in sorted(period for period in spending if len(period) == length)[:-_KEPT]:
            del spending[period]
    return spending


def settled(rules: Rules, state: State, flight: Flight, billed: int | None) -> Mapping[str, int]:
    """The spending after a request whose cost was reserved turned out to cost `billed` accounts."""
    if not flight.cost or billed is None:
        return state.spending
    difference = rules.cost(flight.method, billed) - flight.cost
    spending = dict(state.spending)
    for period in periods(rules, flight.granted_at):
        if period in spending:
            spending[period] = max(0, spending[period] + difference)
    return spending


def _ends_at(period: str) -> float:
    if len(period) > 7:
        start = datetime.strptime(period, "%Y-%m-%d").replace(tzinfo=UTC)
        return (start + timedelta(days=1)).timestamp()
    start = datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC)
    return (start + timedelta(days=32)).replace(day=1).timestamp()
