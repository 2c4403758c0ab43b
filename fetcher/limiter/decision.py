"""The pure core of the rate-limit handler: no I/O, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

from fetcher.limiter import line, money
from fetcher.limiter.counting import counted, flying, free_at, landed, limit_of, reset_between, used
from fetcher.limiter.messages import Grant, Request, Wait
from fetcher.limiter.rules import MICRO, Rules, Window
from fetcher.limiter.state import EVERY_METHOD, Flight, Reason, State

_RECHECK_S = 0.5
"""A place that is taken by a request on its way, or kept for a ticket, may be free again at any moment."""
_INSTANT_S = 0.001


def decide(rules: Rules, state: State, request: Request, now: float) -> Grant | Wait:
    """Whether `request` may be sent at `now`; the longest of all waits wins.

    Raises KeyError for a method that no window limits.
    """
    now = max(now, state.latest)
    windows = rules.of(request.method)
    if not windows:
        raise KeyError(request.method)
    state = landed(rules, state, now)
    waits = [*_penalty_waits(state, request.method, now), *money.budget_waits(rules, state, request, now)]
    waits += _spacing_waits(rules, state, request, now)
    person = line.as_person(rules, state, request, now)
    for window in windows:
        waits += _window_waits(rules, state, window, request, now, person=person)
    if waits:
        return max(waits, key=lambda wait: wait.until)
    changed = dict(state.windows)
    for window in windows:
        changed[window.name] = counted(rules, state, window, now)._replace(last_grant=now)
    cost = rules.cost(request.method, request.accounts)
    return Grant(
        replace(
            state,
            windows=changed,
            flights={**state.flights, request.token: Flight(request.method, now, cost)},
            latest=now,
            spending=money.reserved(rules, state, cost, now),
            line=line.served(state.line, request.tickets, now) if state.line else (),
            last_sent=now,
        )
    )


def opened(rules: Rules, state: State, now: float, step: float = 0.0) -> State:
    """The state as a process takes it up: its clock may differ from the last one's by the tolerance.

    `step` is by how much the clock was just set, where that was noticed. A clock that is off by more than the
    tolerance makes every time in the state meaningless, so all windows count as spent; the money stays counted.
    """
    if max(abs(step), state.latest - now) > rules.clock_tolerance_s:
        return replace(spent(rules, now), spending=state.spending)
    moment = max(now, state.latest)
    windows = {
        name: kept._replace(ended=tuple(each._replace(old=True) for each in kept.ended))
        for name, kept in state.windows.items()
    }
    return replace(state, windows=windows, skew=None, opened_at=moment, latest=moment)


def spent(rules: Rules, now: float) -> State:
    """The state of a credential of which nothing is known any more: every window is spent, and the day's money."""
    until = now + rules.longest_s + rules.in_flight_s + rules.clock_tolerance_s
    spending = {}
    for period in money.periods(rules, now):
        bound = rules.budget.day_usd if len(period) > 7 else None
        if bound is not None:
            spending[period] = round(bound * MICRO)
    return State(opened_at=now, latest=now, spent_until=until, spending=spending)


def _penalty_waits(state: State, method: str, now: float) -> Iterator[Wait]:
    if state.spent_until > now:
        yield Wait(state.spent_until, Reason.LOST_STORE, EVERY_METHOD)
    for scope in (EVERY_METHOD, method):
        penalty = state.penalties.get(scope)
        if penalty is not None and penalty.until > now:
            yield Wait(penalty.until, penalty.reason, scope)


def _spacing_waits(rules: Rules, state: State, request: Request, now: float) -> Iterator[Wait]:
    """The chance comes from the request's token, so that the decision stays a function of its arguments."""
    if rules.spacing_s:
        chance = crc32(request.token.encode()) / 2**32
        until = state.last_sent + rules.spacing_s * (1 + chance / 2)
        if until > now:
            yield Wait(until, Reason.SPACING, EVERY_METHOD)


def _window_waits(
    rules: Rules, state: State, window: Window, request: Request, now: float, *, person: bool
) -> Iterator[Wait]:
    kept = counted(rules, state, window, now)
    limit = limit_of(window, kept)
    remaining = limit - used(state, window, kept)
    ahead = line.ahead(rules, state, request, window, now, due_only=True)
    ends_at = None if kept.report is None else reset_between(rules, state, kept.report)[1]
    ratio = 1.0 if ends_at is None else min(1.0, max(0.0, (ends_at - now) / window.seconds))
    for_people = 0 if person else int(rules.people_share * limit * ratio)
    if remaining <= 0:
        until = free_at(rules, state, window, now, _places(rules, state, request, window, now))
        if remaining + flying(state, window) > 0:
            until = min(until, now + _RECHECK_S)
        yield Wait(until, Reason.WINDOW, window.name)
    elif remaining <= ahead:
        yield Wait(now + _RECHECK_S, Reason.LINE, window.name)
    elif remaining - ahead <= for_people:
        if ends_at is None:
            until = free_at(rules, state, window, now, for_people + ahead + 1)
        else:
            until = ends_at - (remaining - ahead) / (rules.people_share * limit) * window.seconds
        yield Wait(max(until, now) + _INSTANT_S, Reason.PACING, window.name)
    elif remaining <= limit * rules.pace_from_share * ratio / 2:
        gap = window.seconds / limit if ends_at is None else (ends_at - now) / remaining
        if kept.last_grant is not None and kept.last_grant + gap > now:
            yield Wait(kept.last_grant + gap, Reason.PACING, window.name)


def _places(rules: Rules, state: State, request: Request, window: Window, now: float) -> int:
    return line.ahead(rules, state, request, window, now, due_only=False) + 1
