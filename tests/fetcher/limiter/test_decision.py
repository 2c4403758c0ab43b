from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.platforms import Platform
from fetcher.limiter.decision import decide, opened, spent
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Budget, Rules
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import Reason, State
from fetcher.limiter.window_view import view

NOW = 1_700_000_000.0
X = read_limits().rules[Platform.X]
INSTAGRAM = read_limits().rules[Platform.INSTAGRAM]


def send(rules: Rules, state: State, method: str, answer: Answer, now: float, *, token: str = "t") -> State:
    request = Request(method, token)
    decision = decide(rules, state, request, now)
    assert isinstance(decision, Grant), decision
    return settle(rules, decision.state, request, answer, now)


def served(remaining: int | None = None, *, reset: float = NOW + 600, limit: int = 300) -> Answer:
    return Answer(kind=AnswerKind.SERVED, limit=limit, remaining=remaining, reset=reset, server_time=NOW)


def test_headers_replace_our_count_upwards_and_downwards() -> None:
    state = send(X, State(), "users_by_username", served(100), NOW)
    assert view(X, state, NOW)[0].used == 200
    state = send(X, state, "users_by_username", served(299, reset=NOW + 900), NOW + 1)
    assert view(X, state, NOW + 1)[0].used == 1


def test_an_older_answer_does_not_lower_the_count_of_the_same_window() -> None:
    state = send(X, State(), "users_by_username", served(100), NOW)
    state = send(X, state, "users_by_username", served(250), NOW + 1)
    assert view(X, state, NOW + 1)[0].used == 200


def test_a_spent_window_waits_for_the_reset_of_the_header() -> None:
    state = send(X, State(), "users_by_username", served(0), NOW)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.WINDOW
    assert NOW + 600 <= decision.until <= NOW + 605
    assert isinstance(decide(X, state, Request("users_by_username", "next"), decision.until), Grant)


def test_one_methods_window_leaves_the_other_free() -> None:
    state = send(X, State(), "users_by_username", served(0), NOW)
    assert isinstance(decide(X, state, Request("users_by_id", "next"), NOW + 1), Grant)


def test_the_platforms_own_limit_is_believed_over_the_configured_one() -> None:
    state = send(X, State(), "users_by_username", served(899, limit=900), NOW)
    assert view(X, state, NOW)[0].limit == 900


def test_an_operators_limit_is_kept_below_the_platforms_own() -> None:
    rules = read_limits(overrides="x.windows.users/by.limit=2").rules[Platform.X]
    state = send(rules, State(), "users_by_username", served(299), NOW)
    state = send(rules, state, "users_by_username", served(298), NOW + 1)
    assert view(rules, state, NOW + 1)[0].limit == 2
    decision = decide(rules, state, Request("users_by_username", "next"), NOW + 2)
    assert isinstance(decision, Wait)
    assert NOW + 600 <= decision.until <= NOW + 605
    assert isinstance(decide(rules, state, Request("users_by_username", "next"), decision.until), Grant)


def test_a_lower_limit_of_the_platform_is_kept_below_an_operators() -> None:
    rules = read_limits(overrides="x.windows.users/by.limit=900").rules[Platform.X]
    state = send(rules, State(), "users_by_username", served(0), NOW)
    assert view(rules, state, NOW)[0].limit == 300
    assert isinstance(decide(rules, state, Request("users_by_username", "next"), NOW + 1), Wait)


@pytest.mark.parametrize(
    "nonsense",
    [
        served(400),
        served(10, reset=NOW + 1e6),
        served(10, reset=NOW - 1e6),
        served(0, limit=0),
    ],
)
def test_headers_that_cannot_be_true_are_ignored(nonsense: Answer) -> None:
    state = send(X, State(), "users_by_username", nonsense, NOW)
    assert (view(X, state, NOW)[0].limit, view(X, state, NOW)[0].used) == (300, 1)


def test_a_clock_that_is_ahead_of_the_platforms_waits_for_the_platforms_reset() -> None:
    ahead = 25.0
    answer = Answer(kind=AnswerKind.SERVED, limit=300, remaining=0, reset=NOW + 600, server_time=NOW)
    state = send(X, State(), "users_by_username", answer, NOW + ahead)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + ahead + 1)
    assert isinstance(decision, Wait)
    assert NOW + 600 + ahead <= decision.until <= NOW + 605 + ahead


def test_the_last_tenth_of_a_window_is_spread_over_what_remains_of_it() -> None:
    state = send(X, State(), "users_by_username", served(10, reset=NOW + 800), NOW)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.PACING
    assert 75 < decision.until - NOW < 85


def test_a_share_is_kept_for_people_and_given_to_batches_as_the_window_ends() -> None:
    state = send(X, State(), "users_by_username", served(20), NOW)
    batch, person = Request("users_by_username", "b", person=False), Request("users_by_username", "p")
    decision = decide(X, state, batch, NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.PACING
    assert isinstance(decide(X, state, person, NOW + 1), Grant)
    assert isinstance(decide(X, state, batch, NOW + 2), Wait)
    state = send(X, State(), "users_by_username", served(1, reset=NOW + 25), NOW)
    assert isinstance(decide(X, state, batch, NOW + 1), Grant)


def test_a_batch_is_told_when_the_next_place_is_its_own() -> None:
    state = send(X, State(), "users_by_username", served(15), NOW)
    batch = Request("users_by_username", "b", person=False)
    decision = decide(X, state, batch, NOW + 1)
    assert isinstance(decision, Wait)
    assert isinstance(decide(X, state, batch, decision.until - 1), Wait)
    assert isinstance(decide(X, state, batch, decision.until), Grant)


def test_a_sliding_window_frees_one_place_after_the_other() -> None:
    state, now = State(), NOW
    for number in range(75):
        while isinstance(wait := decide(INSTAGRAM, state, Request("web_profile_info", str(number)), now), Wait):
            assert wait.reason in {Reason.PACING, Reason.SPACING}
            now = wait.until
        state = send(INSTAGRAM, state, "web_profile_info", Answer(kind=AnswerKind.SERVED), now, token=str(number))
    decision = decide(INSTAGRAM, state, Request("profile_page", "next"), now + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.WINDOW
    assert NOW + 660 <= decision.until <= NOW + 720 + INSTAGRAM.clock_tolerance_s


def test_refusals_double_the_pause_and_a_success_takes_one_back() -> None:
    refusal = Answer(kind=AnswerKind.RATE_LIMITED)
    state = send(INSTAGRAM, State(), "web_profile_info", refusal, NOW)
    assert state.penalties["web_profile_info"].until == NOW + 666
    state = send(INSTAGRAM, state, "web_profile_info", refusal, NOW + 667)
    assert state.penalties["web_profile_info"].until == NOW + 667 + 2 * 666
    state = send(INSTAGRAM, state, "web_profile_info", Answer(kind=AnswerKind.SERVED), NOW + 3000)
    assert state.penalties["web_profile_info"].refusals == 1


def test_a_checkpoint_stops_every_method_of_the_credential() -> None:
    state = send(INSTAGRAM, State(), "web_profile_info", Answer(kind=AnswerKind.BLOCKED), NOW)
    decision = decide(INSTAGRAM, state, Request("graphql_user", "next"), NOW + 3600)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.BLOCKED


def test_requests_keep_their_distance() -> None:
    state = send(INSTAGRAM, State(), "web_profile_info", Answer(kind=AnswerKind.SERVED), NOW)
    waits = {
        decision.until - NOW
        for token in "abcdef"
        if isinstance(decision := decide(INSTAGRAM, state, Request("web_profile_info", token), NOW), Wait)
    }
    assert len(waits) == 6
    assert all(0.1 <= wait <= 0.15 for wait in waits)


def test_an_unforeseen_refusal_halves_what_is_used_and_success_brings_it_back() -> None:
    state = send(INSTAGRAM, State(), "web_profile_info", Answer(kind=AnswerKind.RATE_LIMITED), NOW)
    assert view(INSTAGRAM, state, NOW)[0].limit == 37
    for number in range(75):
        state = send(INSTAGRAM, state, "web_profile_info", Answer(kind=AnswerKind.SERVED), NOW + 1000 * (number + 1))
    assert view(INSTAGRAM, state, NOW + 76_000)[0].limit == 75


def test_a_refusal_with_a_reset_halves_nothing() -> None:
    refusal = Answer(kind=AnswerKind.RATE_LIMITED, limit=300, remaining=0, reset=NOW + 60, server_time=NOW)
    state = send(X, State(), "users_by_id", refusal, NOW)
    assert view(X, state, NOW + 100)[1].limit == 300


def test_a_request_that_was_not_needed_gives_its_place_and_money_back() -> None:
    request = Request("users_by_id", "t", accounts=100)
    decision = decide(X, State(), request, NOW)
    assert isinstance(decision, Grant)
    state = settle(X, decision.state, request, Answer(kind=AnswerKind.UNSENT), NOW)
    assert view(X, state, NOW)[1].used == 0
    assert set(state.spending.values()) == {0}


def test_a_usage_cap_is_a_stop_until_midnight_utc() -> None:
    state = send(X, State(), "users_by_id", Answer(kind=AnswerKind.USAGE_CAPPED), NOW)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.BUDGET
    assert decision.until % 86400 == 0


def test_a_lost_store_counts_as_every_window_spent() -> None:
    free = replace(X, budget=Budget())
    state = spent(free, NOW)
    decision = decide(free, state, Request("users_by_username", "t"), NOW + 899)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.LOST_STORE
    assert isinstance(decide(free, state, Request("users_by_username", "t"), decision.until), Grant)


def test_a_lost_store_counts_as_the_days_money_spent() -> None:
    decision = decide(X, spent(X, NOW), Request("users_by_username", "t"), NOW + 3000)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.BUDGET


def test_a_clock_set_back_by_a_year_does_not_stop_everything_for_a_year() -> None:
    state = send(X, State(), "users_by_username", served(10), NOW)
    later = opened(X, state, NOW - 365 * 86400)
    decision = decide(X, later, Request("users_by_username", "t"), NOW - 365 * 86400)
    assert isinstance(decision, Wait)
    assert decision.until < NOW - 365 * 86400 + 1200


def test_a_method_without_a_window_is_refused() -> None:
    with pytest.raises(KeyError):
        decide(X, State(), Request("tweets", "t"), NOW)


def test_a_header_does_not_account_for_a_request_that_ended_in_the_same_instant() -> None:
    state = State()
    for token in ("first", "second"):
        decision = decide(X, state, Request("users_by_username", token), NOW)
        assert isinstance(decision, Grant)
        state = decision.state
    state = settle(X, state, Request("users_by_username", "second"), Answer(kind=AnswerKind.LOST), NOW)
    state = settle(X, state, Request("users_by_username", "first"), served(299), NOW)
    assert view(X, state, NOW)[0].used == 2
