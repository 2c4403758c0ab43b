"""The pages of stored results, as plain forms use them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.gateway.guarded import SECRETS, Guarded

OURS = {"Origin": "http://localhost"}
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in(guarded: Guarded) -> SignIn:
    """Browsers of one gateway, each with somebody signed in."""
    app = guarded.client().application

    def sign_in(name: str) -> FlaskClient:
        browser = app.test_client()
        assert browser.post("/sign-in", data={"key": SECRETS[name]}, headers=OURS).status_code == 303
        return browser

    return sign_in


def look(browser: FlaskClient) -> str:
    """Ask about an account on the page; returns the address of "this is wrong"."""
    page = browser.get("/?profile=https://x.com/reg_maple").text
    start = page.index("/results/")
    return page[start : page.index('"', start)]


def test_an_answer_leads_to_its_history_its_correction_and_its_deletion(signed_in: SignIn) -> None:
    browser = signed_in("ada")
    wrong = look(browser)
    assert wrong.endswith("/correct")
    page = browser.get("/?profile=https://x.com/reg_maple").text
    assert 'href="/accounts/x/4211"' in page
    assert 'href="/accounts/x/4211/delete"' in page
    assert "Kept for you until 2 March 2026" in page
    history = browser.get("/accounts/x/4211").text
    assert history.count("This is wrong") == 2
    assert "reg_maple" in browser.get("/history").text
    assert browser.get("/history?profile=reg_maple&platform=x").headers["Location"] == "/accounts/x/@reg_maple"
    assert browser.get("/history?profile=a+b&platform=x").status_code == 422


def test_this_is_wrong_reaches_the_operator_who_decides(signed_in: SignIn) -> None:
    ada, olga = signed_in("ada"), signed_in("olga")
    wrong = look(ada)
    assert "What would have been right?" in ada.get(wrong).text
    assert ada.post(wrong, data={}, headers=OURS).status_code == 422
    assert "Thank you" in ada.post(wrong, data={"label": "bot", "comment": "<b>Hm</b>"}, headers=OURS).text
    page = olga.get("/corrections").text
    assert "&lt;b&gt;Hm&lt;/b&gt;" in page
    start = page.index('action="/corrections/') + len('action="')
    action = page[start : page.index('"', start)]
    assert ada.post(action, data={"state": "approved"}, headers=OURS).status_code == 403
    assert olga.post(action, data={"state": "perhaps"}, headers=OURS).status_code == 400
    assert olga.post(action, data={"state": "approved"}, headers=OURS).status_code == 303
    assert "approved by olga" in ada.get("/corrections").text
    assert ada.post(wrong, data={"label": "fake"}, headers=OURS).status_code == 409


def test_another_key_sees_none_of_it(signed_in: SignIn) -> None:
    wrong = look(signed_in("ada"))
    bert = signed_in("bert")
    assert bert.get(wrong).status_code == 404
    assert bert.post(wrong, data={"label": "bot"}, headers=OURS).status_code == 404
    assert "Nothing is kept for you" in bert.get("/history").text
    assert "Nothing about this account" in bert.get("/accounts/x/4211").text


def test_a_deletion_asks_first(signed_in: SignIn) -> None:
    ada, olga = signed_in("ada"), signed_in("olga")
    look(ada)
    assert "Only what your key has" not in ada.get("/accounts/x/4211/delete").text
    assert "Only what your key has" in olga.get("/accounts/x/4211/delete").text
    assert ada.get("/accounts/x/4211").text.count("This is wrong") == 1
    assert "was deleted" in olga.post("/accounts/x/4211/delete", data={"scope": "everyone"}, headers=OURS).text
    assert "Nothing about this account" in ada.get("/accounts/x/4211").text


def test_a_viewer_deletes_its_own_on_the_page(signed_in: SignIn) -> None:
    ada = signed_in("ada")
    look(ada)
    assert ada.post("/accounts/x/4211/delete", data={"scope": "everyone"}, headers=OURS).status_code == 403
    assert "of what your key had" in ada.post("/accounts/x/4211/delete", headers=OURS).text


def test_other_sites_change_nothing(signed_in: SignIn) -> None:
    ada = signed_in("ada")
    wrong = look(ada)
    for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert ada.post(wrong, data={"label": "bot"}, headers=headers).status_code == 403
        assert ada.post("/accounts/x/4211/delete", headers=headers).status_code == 403


def test_nonsense_in_an_address_is_a_page_with_a_sentence(signed_in: SignIn) -> None:
    answer = signed_in("ada").get("/accounts/mastodon/someone")
    assert answer.status_code == 422
    assert "The platform must be one of x, instagram." in answer.text


def test_who_is_signed_in_can_leave(signed_in: SignIn) -> None:
    ada = signed_in("ada")
    assert "Signed in as ada (viewer)" in ada.get("/about").text
    assert ada.post("/sign-out", headers=OURS).status_code == 303
    assert "Signed in" not in ada.get("/sign-in").text
