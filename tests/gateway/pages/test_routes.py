from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from contracts.fetch_api import AccountResult, Outcome
from gateway.errors import FetcherUnreachableError
from gateway.problems import KINDS
from tests.gateway.fakes import NOW, FakeFetcher, FakeModel

PAGES = [
    "/",
    "/?profile=https://x.com/reg_maple",
    "/about",
    "/api",
    "/limits",
    "/status",
    "/model",
    "/problems/nonsense",
    "/nothing",
]


def test_the_first_page_has_the_field_the_samples_and_the_banner(client: FlaskClient, fetcher: FakeFetcher) -> None:
    page = client.get("/").text
    assert 'name="profile"' in page
    assert "/?profile=https://x.com/reg_maple&amp;platform=x" in page
    assert "Every account here is invented" in page
    assert not fetcher.asked


def test_without_javascript_the_address_holds_the_question(client: FlaskClient) -> None:
    page = client.get("/", query_string={"profile": "@reg_maple", "platform": "instagram"})
    assert page.status_code == 200
    assert "looks like a regular account" in page.text
    assert 'value="@reg_maple"' in page.text


def test_the_script_gets_the_same_rendering(client: FlaskClient) -> None:
    fragment = client.post("/classify", data={"profile": "https://x.com/reg_maple"}).text
    page = client.get("/", query_string={"profile": "https://x.com/reg_maple"}).text
    # Each asking is kept under an id of its own.
    fragment, page = (re.sub(r"/results/[0-9a-f]{32}", "/results/ID", text) for text in (fragment, page))
    assert fragment.strip() in page
    assert "<html" not in fragment


def test_the_result_tells_all_it_rests_on(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fragment = client.post("/classify", data={"profile": "https://x.com/reg_maple"}).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", fragment))
    for part in (
        "Automated or inauthentic?",
        "Large audience?",
        "86%",
        "Assumes that accounts on X are 70% regular",
        "Read from 10 of 11 facts; the accuracy for this view was not measured.",
        "among the accounts the model learned from, 2010 to 2020",
        "more than 56%",
        "speaks against it",
        "31 January 2026, 11:57 UTC, 3 minutes ago",
        "Version 7",
        "Not a basis for adverse action.",
    ):
        assert part in text


def test_other_shares_can_be_assumed_in_the_address(client: FlaskClient) -> None:
    shares = {"share_regular": "10", "share_bot": "80", "share_influencer": "10", "share_fake": "100"}
    page = client.get("/", query_string={"profile": "https://x.com/reg_maple", **shares}).text
    assert "are 5% regular, 40% bot, 5% influencer, 50% fake, as you asked." in page
    assert "Back to the usual shares" in page
    assert 'name="share_bot" min="0" max="100" step="any" inputmode="decimal" required value="40"' in page


@pytest.mark.parametrize("share", ["nan", "-1", "1e400", "many", ""])
def test_shares_that_are_none_are_told_and_replaced_by_no_others(
    client: FlaskClient, fetcher: FakeFetcher, share: str
) -> None:
    asked = {"profile": "https://x.com/reg_maple", "share_regular": "10", "share_influencer": "10", "share_fake": "40"}
    for page in (
        client.get("/", query_string={**asked, "share_bot": share}),
        client.post("/classify", data={**asked, "share_bot": share}),
        client.get("/", query_string=asked),
    ):
        assert "must be a number from 0 to 100, in percent. Press Look to assume the usual shares." in page.text
    assert client.get("/", query_string=asked).status_code == 422
    assert not fetcher.asked


def test_four_shares_of_nothing_are_told(client: FlaskClient) -> None:
    shares = dict.fromkeys(("share_regular", "share_bot", "share_influencer", "share_fake"), "0")
    assert "At least one of the shares" in client.get("/", query_string={"profile": "x.com/a", **shares}).text


@pytest.mark.parametrize(
    ("outcome", "status", "title"),
    [
        (Outcome.NOT_FOUND, 404, "No such account"),
        (Outcome.SUSPENDED, 410, "Account suspended"),
        (Outcome.BLOCKED, 502, "Refused by the platform"),
    ],
)
def test_an_account_without_an_answer_gets_a_sentence(
    client: FlaskClient, fetcher: FakeFetcher, outcome: Outcome, status: int, title: str
) -> None:
    fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=outcome)
    page = client.get("/", query_string={"profile": "https://x.com/who_missing"})
    assert page.status_code == status
    assert title in page.text
    assert client.post("/classify", data={"profile": "https://x.com/who_missing"}).status_code == 200


def test_a_limit_shows_when_to_come_back_and_keeps_the_place(client: FlaskClient, fetcher: FakeFetcher) -> None:
    until = NOW + timedelta(seconds=90)
    fetcher.answer = lambda ref: AccountResult(
        ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=until, ticket="place-12", position=3
    )
    page = client.get("/", query_string={"profile": "https://x.com/reg_maple"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "90")
    assert 'data-retry-after="90"' in page.text
    assert 'name="ticket" value="place-12"' in page.text
    assert 'data-events="/waiting/place-12" data-ticket="/api/v1/tickets/place-12"' in page.text
    assert "3 are before you." in page.text
    again = "90; url=/?ticket=place-12&amp;profile=https://x.com/reg_maple"
    assert f'<noscript><meta http-equiv="refresh" content="{again}"></noscript>' in page.text
    assert "12:01:30 UTC" in page.text


def test_nonsense_says_what_would_be_right(client: FlaskClient) -> None:
    page = client.get("/", query_string={"profile": "https://example.com/someone"})
    assert page.status_code == 422
    assert "Paste a profile address such as" in page.text


def test_what_people_paste_is_escaped(client: FlaskClient, fetcher: FakeFetcher) -> None:
    page = client.get("/", query_string={"profile": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


def test_an_empty_form_is_nonsense_and_no_fault(client: FlaskClient) -> None:
    assert "Nothing was given" in client.post("/classify", data={}).text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_the_content_security_policy(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", page.text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)


def test_limits_show_each_window(client: FlaskClient, fetcher: FakeFetcher) -> None:
    page = client.get("/limits")
    assert "$3.75 of $5.00 left" in page.text
    assert "users_by_username</code> is resting" in page.text
    assert "288 of 300 left" in page.text
    assert "rate-limited" in page.text
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    away = client.get("/limits")
    assert (away.status_code, "cannot be reached" in away.text) == (502, True)


def test_the_model_page_shows_version_and_card(client: FlaskClient, model: FakeModel) -> None:
    assert "Version 7 answers" in client.get("/model").text
    assert "Invented for tests." in client.get("/model").text
    model.available = False
    away = client.get("/model")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("name", KINDS)
def test_every_problem_type_has_its_page(client: FlaskClient, name: str) -> None:
    assert KINDS[name].title in client.get(f"/problems/{name}").text


def test_an_unknown_page_is_a_page(client: FlaskClient) -> None:
    page = client.get("/nothing")
    assert (page.status_code, page.mimetype) == (404, "text/html")
