from __future__ import annotations

import pytest

from contracts.platforms import Platform
from fetcher.limiter.decision import decide, opened, spent
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Rules
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
    state = send(X, State(), "users_by_username", served(20), NOW)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.PACING
    assert 25 < decision.until - NOW < 35


def test_a_sliding_window_frees_one_place_after_the_other() -> None:
    state, now = State(), NOW
    for number in range(75):
        while isinstance(wait := decide(INSTAGRAM, state, Request("web_profile_info", str(number)), now), Wait):
            assert wait.reason is Reason.PACING
            now = wait.until
        state = send(INSTAGRAM, state, "web_profile_info", Answer(kind=AnswerKind.SERVED), now, token=str(number))
    decision = decide(INSTAGRAM, state, Request("profile_page", "next"), now + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.WINDOW
    assert NOW + 660 <= decision.until <= NOW + 665 + INSTAGRAM.clock_tolerance_s


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


def test_a_usage_cap_is_a_stop_until_midnight_utc() -> None:
    state = send(X, State(), "users_by_id", Answer(kind=AnswerKind.USAGE_CAPPED), NOW)
    decision = decide(X, state, Request("users_by_username", "next"), NOW + 1)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.BUDGET
    assert decision.until % 86400 == 0


def test_a_lost_store_counts_as_every_window_spent() -> None:
    state = spent(X, NOW)
    decision = decide(X, state, Request("users_by_username", "t"), NOW + 899)
    assert isinstance(decision, Wait)
    assert decision.reason is Reason.LOST_STORE
    assert isinstance(decide(X, state, Request("users_by_username", "t"), decision.until), Grant)


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
