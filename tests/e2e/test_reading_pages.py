"""Limits, status, model and API, as people read them."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from contracts.fetch_api import AccountResult, Outcome
from tests.e2e.conftest import Site
from tests.gateway.fakes import LIMITS

pytestmark = pytest.mark.browser


def test_limits_stay_up_to_date_by_themselves_until_they_are_paused(page: Page, site: Site) -> None:
    page.goto("/limits")
    expect(page.get_by_text("288 of 300 left")).to_be_visible()
    later = deepcopy(LIMITS)
    later["platforms"][0]["windows"][0]["remaining"] = 17  # type: ignore[index]
    site.fetcher.report = later
    expect(page.get_by_text("17 of 300 left")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


def test_a_reset_is_counted_down(page: Page, site: Site) -> None:
    report = deepcopy(LIMITS)
    report["platforms"][0]["windows"][0]["reset_at"] = "2100-01-01T00:00:00Z"  # type: ignore[index]
    site.fetcher.report = report
    page.goto("/limits")
    expect(page.get_by_text(re.compile(r"in \d+ h \d+ min"))).to_be_visible()


def test_a_reset_is_counted_by_the_servers_clock(page: Page, site: Site) -> None:
    report = deepcopy(LIMITS)
    now = datetime.now(UTC)
    report["platforms"][0]["windows"][0]["reset_at"] = (now + timedelta(minutes=10)).isoformat()  # type: ignore[index]
    site.fetcher.report = report
    page.clock.install(time=now + timedelta(hours=1))
    page.goto("/limits")
    expect(page.get_by_text(re.compile(r"in (10 min|9 min \d+ s)"))).to_be_visible()


def test_the_status_page_counts_what_was_just_asked(page: Page, site: Site) -> None:
    site.fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.SUSPENDED)
    page.goto("/?profile=https://x.com/reg_maple")
    page.goto("/status")
    expect(page.get_by_role("row", name="suspended 1")).to_be_visible()
    expect(page.get_by_role("heading", name="5xx, limits included")).to_be_visible()


def test_the_model_page_opens_its_tables_by_keyboard(page: Page) -> None:
    page.goto("/model")
    summary = page.get_by_text("All features with unit and formula")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="followers_to_following", exact=True)).to_be_visible()


def test_the_api_page_leads_from_an_operation_to_its_body(page: Page) -> None:
    page.goto("/api")
    page.locator("#operation-classify summary").click()
    page.locator("#operation-classify").get_by_role("link", name="ClassifyAnswer").click()
    expect(page).to_have_url(re.compile("#schema-ClassifyAnswer$"))
    page.locator("#schema-ClassifyAnswer summary").click()
    expect(page.locator("#schema-ClassifyAnswer").get_by_text("prevalence_from")).to_be_visible()


def test_other_shares_are_assumed_without_a_page_load(page: Page) -> None:
    page.goto("/?profile=https://x.com/reg_maple")
    page.evaluate("window.stayed = true")
    page.get_by_text("Assume other shares").click()
    for name, share in (("Regular", "5"), ("Bot", "90"), ("Influencer", "3"), ("Fake", "2")):
        page.get_by_role("spinbutton", name=name).fill(share)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("heading", name="@reg_maple looks like an automated account.")).to_be_focused()
    expect(page.get_by_text("5% regular, 90% bot, 3% influencer, 2% fake, as you asked.")).to_be_visible()
    assert "share_bot=90" in page.url
    assert page.evaluate("window.stayed")
    page.get_by_role("link", name="Back to the usual shares").click()
    expect(page.get_by_role("heading", name="@reg_maple looks like a regular account.")).to_be_focused()


def test_every_page_can_be_read_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    for path, text in (
        ("/limits", "288 of 300 left"),
        ("/status", "99% are answered within"),
        ("/model", "Version 7 answers."),
        ("/api", "Say what one account looks like."),
        ("/about", "What it does not mean"),
    ):
        page.goto(path)
        expect(page.get_by_text(text).first).to_be_visible()
    page.goto("/limits")
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("288 of 300 left")).to_be_visible()
    context.close()
