"""A session that ends while somebody is at work: the page leads to the sign-in, and back to where it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from contracts.fetch_api import AccountResult, Outcome
from contracts.profile_ref import ProfileRef
from gateway.access.key_file import save_keys
from gateway.app import create_app
from gateway.config import Config
from gateway.database import open_database
from gateway.migrations.upgrade import upgrade
from tests.e2e.conftest import Site
from tests.e2e.serving import served
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel, nothing
from tests.gateway.guarded import KEYS, SECRETS

pytestmark = pytest.mark.browser

RESULT = "@reg_maple looks like a regular account."


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A gateway that lets only keys in."""
    save_keys(tmp_path / "keys.toml", KEYS)
    fetcher, model = FakeFetcher(), FakeModel()
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    app = create_app(
        Config(api_keys_file=tmp_path / "keys.toml"),
        fetcher=fetcher,
        model=model,
        versions=FakeVersions(),
        demo=FakeDemo(),
        engine=engine,
        get=nothing,
    )
    with served(app) as url:
        yield Site(url, fetcher, model)
    engine.dispose()


def sign_in(page: Page, name: str = "olga") -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Key").fill(SECRETS[name])
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()


def test_a_question_after_the_session_has_ended_is_answered_after_the_sign_in(
    context: BrowserContext, page: Page
) -> None:
    page.goto("/")
    sign_in(page)
    context.clear_cookies()
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    sign_in(page)
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()


def test_who_waits_for_a_limit_keeps_the_place_over_the_sign_in(
    context: BrowserContext, page: Page, site: Site
) -> None:
    def answer(ref: ProfileRef) -> AccountResult:
        soon = datetime.now(UTC) + timedelta(seconds=2)
        return AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=soon, ticket="place-12")

    site.fetcher.answer = answer
    page.goto("/?profile=https://x.com/reg_maple")
    sign_in(page)
    expect(page.get_by_role("timer")).to_be_visible()
    context.clear_cookies()
    page.wait_for_url("**/sign-in?*")
    sign_in(page)
    assert site.fetcher.asked[-1].ticket == "place-12"


def test_a_live_page_leads_to_the_sign_in_and_back(context: BrowserContext, page: Page) -> None:
    page.goto("/status")
    sign_in(page)
    context.clear_cookies()
    page.wait_for_url("**/sign-in?*")
    sign_in(page)
    expect(page.get_by_role("heading", name="Status")).to_be_visible()


def test_the_progress_of_a_batch_leads_to_the_sign_in_and_back(context: BrowserContext, page: Page) -> None:
    page.goto("/batches")
    sign_in(page)
    page.get_by_label("Accounts, one a line").fill("@maple")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("0 of 1 accounts have an outcome")).to_be_visible()
    address = page.url
    context.clear_cookies()
    page.wait_for_url("**/sign-in?*")
    sign_in(page)
    assert page.url == address


def test_a_form_that_is_sent_without_a_session_names_the_way_back(context: BrowserContext, page: Page) -> None:
    page.goto("/batches")
    sign_in(page)
    context.clear_cookies()
    page.get_by_label("Accounts, one a line").fill("@maple")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_role("heading", name="Key needed")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    sign_in(page)
    expect(page.get_by_role("heading", name="Batches", exact=True)).to_be_visible()
