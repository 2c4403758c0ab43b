from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.errors import FetcherUnreachableError
from gateway.schemas import ClassifyAnswer, ModelReport, Problem
from tests.gateway.fakes import LIMITS, NOW, FakeFetcher, FakeModel

URL = "/api/v1/classify"
PROFILE = {"profile": "https://x.com/reg_maple"}


def test_a_classified_account_is_200(client: FlaskClient) -> None:
    answer = client.post(URL, json=PROFILE, headers={"X-Request-ID": "id-1"})
    assert answer.status_code == 200
    body = ClassifyAnswer.model_validate(answer.json)
    assert (body.label, body.unsure, body.emulated, body.request_id) == ("regular", False, True, "id-1")
    assert body.profile.handle == "reg_maple"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_bare_handle_needs_its_platform(client: FlaskClient, fetcher: FakeFetcher) -> None:
    refused = client.post(URL, json={"profile": "@reg_maple"})
    assert (refused.status_code, refused.json["outcome"]) == (422, "nonsense")
    assert client.post(URL, json={"profile": "@reg_maple", "platform": "instagram"}).status_code == 200
    assert fetcher.asked[0].accounts == (ProfileRef(Platform.INSTAGRAM, handle="reg_maple"),)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.NOT_FOUND, 404),
        (Outcome.SUSPENDED, 410),
        (Outcome.BLOCKED, 502),
        (Outcome.LOGIN_REQUIRED, 502),
        (Outcome.NOT_IN_PLAN, 502),
        (Outcome.UPSTREAM_ERROR, 502),
        (Outcome.RATE_LIMITED, 503),
        (Outcome.BUDGET_SPENT, 503),
    ],
)
def test_every_outcome_has_its_status(client: FlaskClient, fetcher: FakeFetcher, outcome: Outcome, status: int) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=outcome, emulated=True)
    answer = client.post(URL, json=PROFILE)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = Problem.model_validate(answer.json)
    assert problem.outcome == outcome.value
    assert problem.type == f"/problems/{outcome.value}"
    assert (problem.status, problem.instance, problem.emulated) == (status, URL, True)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_an_id_of_nobody_that_ends_in_zeros_may_have_been_rounded(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.NOT_FOUND)
    for account_id, told in (("1234567890123450000", True), ("1234567890123456789", False)):
        answer = client.post(URL, json={"profile": account_id, "platform": "x"})
        assert ("as if a spreadsheet had rounded it" in answer.json["detail"]) is told


def test_a_wait_becomes_retry_after_with_its_ticket(client: FlaskClient, fetcher: FakeFetcher) -> None:
    until = NOW + timedelta(seconds=61.2)
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=until, ticket="place-12")
    answer = client.post(URL, json=PROFILE)
    assert answer.headers["Retry-After"] == "62"
    assert answer.json["ticket"] == "place-12"
    assert answer.json["retry_at"].startswith("2026-01-31T12:01:01")
    client.post(URL, json={**PROFILE, "ticket": "place-12"})
    assert fetcher.asked[-1].ticket == "place-12"


def test_a_time_that_has_passed_means_a_second(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=NOW - timedelta(hours=1))
    assert client.post(URL, json=PROFILE).headers["Retry-After"] == "1"


def test_without_a_model_one_comes_back_later(client: FlaskClient, model: FakeModel) -> None:
    model.available = False
    answer = client.post(URL, json=PROFILE)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/model-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "outcome" not in answer.json


def test_an_unreachable_fetcher_is_an_upstream_error(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    answer = client.post(URL, json=PROFILE)
    assert (answer.status_code, answer.json["outcome"]) == (502, "upstream-error")
    assert client.get("/api/v1/limits").status_code == 502


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"{}"', "application/json", 400),
        (b"1" * 5000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"profile=a", "application/x-www-form-urlencoded", 415),
        (b" " * 70_000, "application/json", 413),
        (b"{}", "application/json", 422),
        (b'{"profile": 7}', "application/json", 422),
        (b'{"profile": null}', "application/json", 422),
        (b'{"profile": "\\ud800"}', "application/json", 422),
        (b'{"profile": "https://x.com/a", "more": 1}', "application/json", 422),
        (b'{"profile": "@a", "platform": "elsewhere"}', "application/json", 422),
        (b'{"profile": "https://x.com/a", "ticket": "\\ud800"}', "application/json", 422),
    ],
)
def test_a_bad_body_gets_one_clear_sentence(
    client: FlaskClient, fetcher: FakeFetcher, body: bytes, media_type: str, status: int
) -> None:
    answer = client.post(URL, data=body, content_type=media_type)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert Problem.model_validate(answer.json).detail.endswith((".", "}."))
    assert not fetcher.asked


def test_a_wrong_field_is_named_and_its_value_not_repeated(client: FlaskClient) -> None:
    answer = client.post(URL, json={"profile": "https://x.com/a", "platform": "secret-value"})
    assert answer.json["errors"][0]["field"] == "platform"
    assert (answer.json["type"], answer.json["title"]) == ("/problems/wrong-field", "Wrong field")
    assert answer.json["outcome"] == "nonsense"
    assert "secret-value" not in answer.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=200)
@given(
    profile=st.one_of(
        st.text(max_size=60),
        st.builds("https://x.com/{}".format, st.text(max_size=30)),
        st.builds("instagram.com/{}/{}".format, st.text(max_size=20), st.text(max_size=10)),
    ),
    platform=st.sampled_from([None, "x", "instagram"]),
)
def test_no_text_is_a_fault(client: FlaskClient, profile: str, platform: str | None) -> None:
    answer = client.post(URL, json={"profile": profile, "platform": platform})
    assert answer.status_code in {200, 422}


def test_limits_are_the_fetchers(client: FlaskClient) -> None:
    assert client.get("/api/v1/limits").json == LIMITS


def test_the_model_describes_itself(client: FlaskClient, model: FakeModel) -> None:
    report = ModelReport.model_validate(client.get("/api/v1/model").json)
    assert (report.name, report.version, report.label) == ("rollcall", 7, "stable")
    assert report.accusation_thresholds == {"x": 0.7, "instagram": 0.7}
    model.available = False
    assert client.get("/api/v1/model").status_code == 503


def test_a_wrong_method_is_a_problem_that_names_the_right_one(client: FlaskClient) -> None:
    answer = client.get(URL)
    assert (answer.status_code, answer.json["type"]) == (405, "/problems/wrong-method")
    assert answer.json["detail"] == "This address takes OPTIONS, POST."
    assert "POST" in answer.headers["Allow"]


def test_a_wrong_address_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/no-such-page")


SHARES = {"regular": 0.85, "bot": 0.05, "influencer": 0.02, "fake": 0.08}


def test_a_request_may_assume_other_shares(client: FlaskClient) -> None:
    body = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple", "prevalence": SHARES}).get_json()
    assert body["prevalence"] == pytest.approx(SHARES)
    assert body["prevalence_from"] == "request"
    # 0.86 at a share of 0.85 in place of 0.7, and so on.
    weighed = [0.86 * 0.85 / 0.7, 0.07 * 0.05 / 0.1, 0.02 * 0.02 / 0.05, 0.05 * 0.08 / 0.15]
    assert list(body["probabilities"].values()) == pytest.approx([each / sum(weighed) for each in weighed], rel=1e-5)
    assert body["confidence"] == pytest.approx(0.9 * body["probabilities"]["regular"] / 0.86, rel=1e-5)


@pytest.mark.parametrize(
    "shares", [{"regular": 1.0}, {**SHARES, "bot": 0}, {**SHARES, "bot": 0.9}, {**SHARES, "other": 0.1}, "0.5", [0.5]]
)
def test_shares_that_cannot_be_assumed_are_refused_with_a_sentence(client: FlaskClient, shares: object) -> None:
    answer = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple", "prevalence": shares})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"].startswith("prevalence")


def test_the_answer_says_what_was_unknown_and_how_good_the_view_is(client: FlaskClient) -> None:
    body = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"}).get_json()
    assert body["facts"]["unknown"] == ["created_at"]
    assert body["facts"]["percentiles"]["followers"] == pytest.approx(0.56, abs=0.01)
    assert body["facts"]["accuracy"] is None
    assert body["badges"] == []


def test_a_body_that_is_too_large_is_told_what_may_be_sent(client: FlaskClient) -> None:
    answer = client.post(URL, data=b" " * 70_000, content_type="application/json")
    assert answer.json["detail"] == "A body may hold 64 KB here; lists of accounts go to /api/v1/batches."
