"""The line of tickets: who was told to come back keeps the place and is served first at that time. Pure.

Order: people before batches, except batches that have waited longer than `patience_s`; batches of several clients by
turns (everybody's first ticket before anybody's second); then by age. A request without a ticket is behind them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fetcher.limiter.messages import Request
from fetcher.limiter.rules import Rules, Window
from fetcher.limiter.state import State, Ticket

MOST_TICKETS = 200
"""Further callers are told a time, but keep no place."""
_Key = tuple[bool, int, float]


def ordered(rules: Rules, state: State, now: float) -> list[tuple[_Key, Ticket]]:
    """The tickets that have not expired, first one first."""
    rounds: Counter[tuple[str, str]] = Counter()
    keyed = []
    for ticket in sorted(state.line, key=lambda ticket: ticket.since):
        if ticket.expires <= now:
            continue
        late = not (ticket.person or now - ticket.since > rules.patience_s)
        turn = 0
        if not ticket.person:
            turn = rounds[ticket.client, ticket.method]
            rounds[ticket.client, ticket.method] += 1
        keyed.append(((late, turn, ticket.since), ticket))
    return sorted(keyed)


def ahead(rules: Rules, state: State, request: Request, window: Window, now: float, *, due_only: bool) -> int:
    """How many places of the window belong to tickets before `request`; `due_only`: those whose time has come."""
    if not state.line:
        return 0
    line = ordered(rules, state, now)
    mine = min((key for key, ticket in line if ticket.id in request.tickets), default=(not request.person, 10**9, now))
    return sum(
        ticket.places
        for key, ticket in line
        if key < mine and ticket.method in window.methods and (ticket.due <= now or not due_only)
    )


def as_person(rules: Rules, state: State, request: Request, now: float) -> bool:
    """Whether `request` goes with the people: it is for one, or for a batch that has waited too long."""
    return request.person or any(
        ticket.id in request.tickets and now - ticket.since > rules.patience_s and ticket.expires > now
        for ticket in state.line
    )


def joined(state: State, ticket: Ticket, now: float) -> tuple[State, bool]:
    """`state` with `ticket` in the line, or in the place that it had; False where the line is full."""
    others = [each for each in state.line if each.id != ticket.id and each.expires > now]
    before = next((each for each in state.line if each.id == ticket.id and each.expires > now), None)
    if before is not None:
        ticket = ticket._replace(since=before.since)
    elif len(others) >= MOST_TICKETS:
        return state, False
    return replace(state, line=(*others, ticket)), True


def served(line: Sequence[Ticket], tickets: Sequence[str], now: float) -> tuple[Ticket, ...]:
    """The line after one place of each of `tickets` was taken."""
    left = (each._replace(places=each.places - 1) if each.id in tickets else each for each in line)
    return tuple(each for each in left if each.places > 0 and each.expires > now)


def position(rules: Rules, state: State, ticket: str, now: float) -> int | None:
    """How many tickets of its priority are earlier; None for one that is not in the line."""
    line = [each for _, each in ordered(rules, state, now)]
    mine = next((each for each in line if each.id == ticket), None)
    return None if mine is None else [each.id for each in line if each.person is mine.person].index(ticket)
