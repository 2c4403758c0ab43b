from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.platforms import Platform
from fetcher.limiter.decision import decide
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.line import MOST_TICKETS, joined, ordered, position
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Budget
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import Reason, State, Ticket

NOW = 1_700_000_000.0
X = replace(read_limits().rules[Platform.X], budget=Budget(), people_share=0.0)
METHOD = "users_by_username"


def ticket(name: str, *, person: bool = False, client: str = "", since: float = NOW, due: float = NOW) -> Ticket:
    return Ticket(name, person, client, METHOD, since, due, due + X.ticket_grace_s, 1)


def line(*tickets: Ticket) -> State:
    state = State()
    for each in tickets:
        state, is_in = joined(state, each, NOW)
        assert is_in
    return state


def names(state: State, now: float = NOW) -> list[str]:
    return [each.id for _, each in ordered(X, state, now)]


def with_one_place(state: State) -> State:
    """The window has one place left."""
    request = Request(METHOD, "filler", tickets=())
    decision = decide(X, replace(state, line=()), request, NOW)
    assert isinstance(decision, Grant)
    answer = Answer(kind=AnswerKind.SERVED, limit=300, remaining=1, reset=NOW + 30, server_time=NOW)
    return replace(settle(X, decision.state, request, answer, NOW), line=state.line)


def test_people_go_before_batches_and_older_ones_first() -> None:
    state = line(ticket("b", since=1), ticket("p2", person=True, since=3), ticket("p1", person=True, since=2))
    assert names(replace(state), 100) == ["p1", "p2", "b"]
    assert [position(X, state, name, 100) for name in ("p1", "p2", "b")] == [0, 1, 0]


def test_batches_of_several_clients_take_turns() -> None:
    state = line(
        *[ticket(f"a{n}", client="a", since=NOW + n) for n in range(3)], ticket("b0", client="b", since=NOW + 9)
    )
    assert names(state) == ["a0", "b0", "a1", "a2"]


def test_a_batch_that_has_waited_long_goes_with_the_people() -> None:
    old = ticket("old", since=NOW - X.patience_s - 1)
    assert names(line(old, ticket("p", person=True))) == ["old", "p"]


def test_who_returns_with_the_ticket_is_served_before_a_newcomer() -> None:
    state = with_one_place(line(ticket("mine")))
    newcomer = decide(X, state, Request(METHOD, "new", person=False), NOW + 20)
    assert isinstance(newcomer, Wait)
    assert newcomer.reason is Reason.LINE
    returned = decide(X, state, Request(METHOD, "back", person=False, tickets=("mine",)), NOW + 20)
    assert isinstance(returned, Grant)
    assert returned.state.line == ()


def test_a_person_without_ticket_goes_before_a_batch_with_one() -> None:
    state = with_one_place(line(ticket("batch")))
    assert isinstance(decide(X, state, Request(METHOD, "p"), NOW + 20), Grant)


def test_a_place_is_not_kept_before_its_time_nor_after_its_grace() -> None:
    early = with_one_place(line(ticket("later", person=True, due=NOW + 600)))
    assert isinstance(decide(X, early, Request(METHOD, "new"), NOW + 20), Grant)
    late = with_one_place(line(ticket("gone", person=True, due=NOW - X.ticket_grace_s + 10)))
    assert isinstance(decide(X, late, Request(METHOD, "new"), NOW + 20), Grant)


def test_a_ticket_that_is_brought_again_keeps_its_age() -> None:
    state = line(ticket("mine", since=NOW - 50))
    state, _ = joined(state, ticket("mine", since=NOW, due=NOW + 5), NOW)
    assert [each.since for each in state.line] == [NOW - 50]


def test_the_line_is_bounded() -> None:
    state = line(*[ticket(str(number)) for number in range(MOST_TICKETS)])
    assert joined(state, ticket("one too many"), NOW) == (state, False)


@pytest.mark.parametrize(("tickets", "windows"), [(10, 1), (299, 1), (300, 2)])
def test_who_is_far_behind_is_told_a_later_window(tickets: int, windows: int) -> None:
    places = Ticket("others", False, "", METHOD, NOW, NOW + 700, NOW + 800, tickets)
    state = line(places)
    request = Request(METHOD, "filler")
    decision = decide(X, replace(state, line=()), request, NOW)
    assert isinstance(decision, Grant)
    answer = Answer(kind=AnswerKind.SERVED, limit=300, remaining=0, reset=NOW + 600, server_time=NOW)
    full = replace(settle(X, decision.state, request, answer, NOW), line=state.line)
    wait = decide(X, full, Request(METHOD, "me", person=False), NOW + 1)
    assert isinstance(wait, Wait)
    assert abs(wait.until - (NOW + 600 + (windows - 1) * 900)) < 10
