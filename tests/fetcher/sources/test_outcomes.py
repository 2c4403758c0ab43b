"""Every outcome, by the real Tweepy and Instaloader against the emulated platforms over loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from contracts.activity import ACTIVITY_FIELDS
from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform


@pytest.fixture
def fetch(client: FlaskClient) -> Callable[..., list[AccountResult]]:
    def fetch(*accounts: tuple[str, str], activity: bool = False, deadline_s: float = 5.0) -> list[AccountResult]:
        body = {
            "accounts": [
                {"platform": platform, "id" if subject.isdigit() else "handle": subject}
                for platform, subject in accounts
            ],
            "deadline_s": deadline_s,
            "include": ["activity"] if activity else [],
        }
        answer = client.post("/profiles", json=body)
        assert answer.status_code == 200, answer.text
        results = [AccountResult.from_json(result) for result in answer.get_json()["results"]]
        assert all(result.emulated for result in results)
        return results

    return fetch


Fetch = Callable[..., list[AccountResult]]


def outcomes(results: list[AccountResult]) -> list[Outcome]:
    return [result.outcome for result in results]


def test_x_answers_per_account_in_one_request(fetch: Fetch, site: Any) -> None:
    results = fetch(("x", "reg_one"), ("x", "a_missing"), ("x", "b_suspended"), ("x", "reg_private"))
    assert outcomes(results) == [Outcome.OK, Outcome.NOT_FOUND, Outcome.SUSPENDED, Outcome.OK]
    assert site.requests(Platform.X) == {"users_by_username": 1}
    profile = results[0].profile
    assert profile is not None
    assert profile.username == "reg_one"
    assert set(profile.facts_known) >= {"followers", "following", "posts", "likes_given", "listed", "has_avatar"}
    assert results[3].profile is not None
    assert results[3].profile.private is True


def test_a_hundred_and_one_names_are_two_requests(fetch: Fetch, site: Any) -> None:
    results = fetch(*[("x", f"reg_{number}") for number in range(101)])
    assert set(outcomes(results)) == {Outcome.OK}
    assert site.requests(Platform.X) == {"users_by_username": 2}


@pytest.mark.parametrize("platform", ["x", "instagram"])
@pytest.mark.parametrize("handle", ["reg_one", "bot_a_longer_one"])
def test_an_id_leads_back_to_its_account(fetch: Fetch, platform: str, handle: str) -> None:
    handle = handle[:15]
    (by_handle,) = fetch((platform, handle))
    assert by_handle.profile is not None
    (by_id,) = fetch((platform, str(by_handle.profile.id)))
    assert by_id.profile is not None
    assert (by_id.profile.username, by_id.profile.followers) == (handle, by_handle.profile.followers)


@pytest.mark.parametrize("platform", ["x", "instagram"])
def test_an_id_that_nobody_has_is_not_found(fetch: Fetch, platform: str) -> None:
    (result,) = fetch((platform, str(2**63 - 1)))
    assert result.outcome is Outcome.NOT_FOUND


def test_instagram_answers_with_activity_in_one_request(fetch: Fetch, site: Any) -> None:
    (result,) = fetch(("instagram", "bot_one"), activity=True)
    assert result.outcome is Outcome.OK
    assert result.method == "web_profile_info"
    assert result.profile is not None
    assert result.profile.activity is not None
    assert result.profile.activity.posts_seen <= 12
    assert len(ACTIVITY_FIELDS) == 17
    assert site.requests(Platform.INSTAGRAM) == {"web_profile_info": 1}


def test_a_private_instagram_account_has_facts_but_no_activity(fetch: Fetch) -> None:
    (result,) = fetch(("instagram", "bot_one_private"), activity=True)
    assert result.profile is not None
    assert result.profile.private is True
    assert result.profile.activity is None
    assert result.profile.followers is not None


@pytest.mark.parametrize("handle", ["someone_missing", "someone_suspended"])
def test_instagram_says_what_it_can_of_missing_and_suspended(fetch: Fetch, handle: str) -> None:
    (result,) = fetch(("instagram", handle))
    assert result.outcome is Outcome.NOT_FOUND
    assert "suspended" in result.detail


X, IG = Platform.X, Platform.INSTAGRAM


@pytest.mark.parametrize(
    ("platform", "fault", "outcome"),
    [
        (X, "rate-limited", Outcome.RATE_LIMITED),
        (X, "usage-capped", Outcome.BUDGET_SPENT),
        (X, "client-forbidden", Outcome.NOT_IN_PLAN),
        (X, "unauthorized", Outcome.LOGIN_REQUIRED),
        (X, "bad-request", Outcome.UPSTREAM_ERROR),
        (X, "server-error", Outcome.UPSTREAM_ERROR),
        (X, "garbage", Outcome.UPSTREAM_ERROR),
        (X, "empty", Outcome.UPSTREAM_ERROR),
        (IG, "rate-limited", Outcome.RATE_LIMITED),
        (IG, "please-wait", Outcome.RATE_LIMITED),
        (IG, "checkpoint", Outcome.BLOCKED),
        (IG, "challenge", Outcome.BLOCKED),
        (IG, "feedback", Outcome.BLOCKED),
        (IG, "challenge-redirect", Outcome.BLOCKED),
        (IG, "login-redirect", Outcome.LOGIN_REQUIRED),
        (IG, "unauthorized", Outcome.LOGIN_REQUIRED),
        (IG, "not-found", Outcome.NOT_FOUND),
        (IG, "bad-request", Outcome.UPSTREAM_ERROR),
        (IG, "server-error", Outcome.UPSTREAM_ERROR),
        (IG, "garbage", Outcome.UPSTREAM_ERROR),
        (IG, "empty", Outcome.UPSTREAM_ERROR),
    ],
)
def test_a_refusal_becomes_its_outcome(
    fetch: Fetch, site: Any, platform: Platform, fault: str, outcome: Outcome
) -> None:
    site.emulator.faults[platform].order("*", fault, 10)
    (result,) = fetch((platform.value, "reg_one"))
    assert result.outcome is outcome
    assert result.detail
    assert result.profile is None


@pytest.mark.parametrize(
    ("platform", "fault", "sentence"),
    [
        (X, "server-error", "X answered with an error (503)."),
        (X, "garbage", "X gave an answer that cannot be read."),
        (X, "drop", "X gave no answer, or none in time."),
        (IG, "server-error", "Instagram answered with an error (503)."),
        (IG, "drop", "Instagram gave no answer, or none in time."),
    ],
)
def test_a_platform_that_breaks_is_not_taken_for_an_account_that_is_not_there(
    fetch: Fetch, site: Any, platform: Platform, fault: str, sentence: str
) -> None:
    site.emulator.faults[platform].order("*", fault, 10)
    (result,) = fetch((platform.value, "reg_one"))
    assert (result.outcome, result.detail) == (Outcome.UPSTREAM_ERROR, sentence)


@pytest.mark.parametrize(("platform", "fault"), [(X, "rate-limited"), (IG, "please-wait"), (IG, "checkpoint")])
def test_after_a_refusal_nothing_is_sent_until_retry_at(
    fetch: Fetch, site: Any, clock: Any, platform: Platform, fault: str
) -> None:
    site.emulator.faults[platform].order("*", fault, 1)
    (first,) = fetch((platform.value, "reg_one"))
    sent = site.requests(platform)
    (second,) = fetch((platform.value, "reg_two"))
    assert second.outcome is first.outcome
    assert isinstance(second.retry_at, datetime)
    assert isinstance(first.retry_at, datetime)
    assert site.requests(platform) == sent
    clock.time = second.retry_at.timestamp() + 1
    (third,) = fetch((platform.value, "reg_two"))
    assert third.outcome is Outcome.OK


@pytest.mark.parametrize("fault", ["login-redirect", "bad-request", "server-error", "garbage"])
def test_a_broken_instagram_method_gives_way_to_the_next(fetch: Fetch, site: Any, fault: str) -> None:
    site.emulator.faults[IG].order("web_profile_info", fault, 3 if fault == "server-error" else 1)
    (result,) = fetch(("instagram", "bot_one"))
    assert result.outcome is Outcome.OK
    assert result.method == "profile_page"
    assert result.profile is not None
    assert result.profile.activity is None
    assert result.profile.followers is not None


def test_an_answer_that_never_comes_ends_at_the_time_out(fetch: Fetch, site: Any) -> None:
    site.emulator.faults[X].order("*", "hang", 1)
    (result,) = fetch(("x", "reg_one"), deadline_s=0.5)
    assert result.outcome is Outcome.UPSTREAM_ERROR
    assert "in time" in result.detail


def test_lost_headers_do_not_matter(fetch: Fetch, site: Any) -> None:
    site.emulator.faults[X].order("*", "lost-headers", 1)
    assert outcomes(fetch(("x", "reg_one"))) == [Outcome.OK]
    assert outcomes(fetch(("x", "reg_two"))) == [Outcome.OK]


def test_an_account_is_asked_for_once_and_then_comes_from_the_cache(fetch: Fetch, site: Any, clock: Any) -> None:
    accounts = (("x", "reg_one"), ("instagram", "reg_one"), ("x", "a_missing"))
    fetch(*accounts)
    again = fetch(*accounts)
    assert [result.cached for result in again] == [True, True, True]
    assert (site.requests(X), site.requests(IG)) == ({"users_by_username": 1}, {"web_profile_info": 1})
    clock.time += 86400
    assert [result.cached for result in fetch(*accounts)] == [False, False, False]


def test_a_burst_runs_into_no_wall(fetch: Fetch, site: Any) -> None:
    results = fetch(*[("instagram", f"reg_{number}") for number in range(100)], deadline_s=0.0)
    assert set(outcomes(results)) == {Outcome.OK, Outcome.RATE_LIMITED}
    assert site.violations() == {}
    late = next(result for result in results if result.outcome is Outcome.RATE_LIMITED)
    assert late.retry_at is not None
