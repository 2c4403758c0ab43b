from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from contracts.platforms import Platform
from fetcher.limiter.decision import decide
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.money import left
from fetcher.limiter.rules import MICRO, Budget
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import Reason, State

NOON = datetime(2026, 8, 22, 12, tzinfo=UTC).timestamp()
MIDNIGHT = NOON + 12 * 3600
X = read_limits().rules[Platform.X]


def granted(state: State, now: float, accounts: int = 100, token: str = "t") -> State:
    decision = decide(X, state, Request("users_by_username", token, accounts=accounts), now)
    assert isinstance(decision, Grant), decision
    return decision.state


def spent(state: State, now: float) -> list[float]:
    return [spending / MICRO for _, _, spending in left(X, state, now)]


def test_money_is_reserved_before_and_settled_after() -> None:
    state = granted(State(), NOON)
    assert spent(state, NOON) == [1.0, 1.0]
    request = Request("users_by_username", "t", accounts=100)
    state = settle(X, state, request, Answer(kind=AnswerKind.SERVED, billed=60), NOON + 1)
    assert spent(state, NOON) == [0.6, 0.6]


def test_a_request_that_was_lost_keeps_its_reservation_and_a_refused_one_costs_nothing() -> None:
    request = Request("users_by_username", "t", accounts=100)
    lost = settle(X, granted(State(), NOON), request, Answer(kind=AnswerKind.LOST), NOON + 1)
    refused = settle(X, granted(State(), NOON), request, Answer(kind=AnswerKind.RATE_LIMITED), NOON + 1)
    assert (spent(lost, NOON), spent(refused, NOON)) == ([1.0, 1.0], [0.0, 0.0])


def test_the_budget_is_never_exceeded_and_says_what_can_still_be_afforded() -> None:
    state = State()
    for number in range(4):
        state = granted(state, NOON, token=str(number))
    state = granted(state, NOON, accounts=70, token="4")
    decision = decide(X, state, Request("users_by_username", "5", accounts=100), NOON)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.BUDGET
    assert decision.affordable == 30
    assert MIDNIGHT < decision.until < MIDNIGHT + 60
    assert isinstance(decide(X, state, Request("users_by_username", "5", accounts=30), NOON), Grant)
    assert isinstance(decide(X, state, Request("users_by_username", "5", accounts=100), decision.until), Grant)


def test_around_midnight_a_request_counts_in_both_days_that_it_may_belong_to() -> None:
    state = granted(State(), MIDNIGHT - 10)
    assert [state.spending[day] for day in ("2026-08-22", "2026-08-23")] == [MICRO, MICRO]


def test_the_month_binds_too() -> None:
    rules = replace(X, budget=Budget(day_usd=5, month_usd=1))
    state = granted(State(), NOON)
    decision = decide(rules, state, Request("users_by_username", "u", accounts=1), NOON + 86400)
    assert isinstance(decision, Wait)
    assert datetime.fromtimestamp(decision.until, UTC).strftime("%m-%d") == "09-01"
