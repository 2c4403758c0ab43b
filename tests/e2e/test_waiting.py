"""What people see who wait for a platform's limit."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from contracts.fetch_api import AccountResult, Outcome
from contracts.profile_ref import ProfileRef
from gateway.fetcher_client import Place
from tests.e2e.conftest import Site
from tests.gateway.fakes import found

pytestmark = pytest.mark.browser

RESULT = "@reg_maple looks like a regular account."
ADDRESS = "/?profile=https://x.com/reg_maple"


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def limited(ref: ProfileRef, seconds: float, position: int | None = 2) -> AccountResult:
    return AccountResult(
        ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=soon(seconds), ticket="place-12", position=position
    )


def test_the_place_in_the_line_is_told_as_it_changes(page: Page, site: Site) -> None:
    site.fetcher.answer = lambda ref: limited(ref, 600)
    site.fetcher.places["place-12"] = Place(2, soon(600))
    page.goto(ADDRESS)
    expect(page.get_by_text("2 are before you.")).to_be_visible()
    site.fetcher.places["place-12"] = Place(1, soon(600))
    expect(page.get_by_text("One is before you.")).to_be_visible()
    site.fetcher.places["place-12"] = Place(0, soon(600))
    expect(page.get_by_text("You are next.")).to_be_visible()


def test_the_servers_word_goes_before_the_countdown(page: Page, site: Site) -> None:
    site.fetcher.answer = lambda ref: limited(ref, 600) if len(site.fetcher.asked) == 1 else found(ref)
    site.fetcher.places["place-12"] = Place(0, soon(600))
    page.goto(ADDRESS)
    expect(page.get_by_role("timer")).to_contain_text("min")
    site.fetcher.places["place-12"] = Place(0, soon(-1))
    expect(page.get_by_role("heading", name=RESULT)).to_be_focused()
    assert [request.ticket for request in site.fetcher.asked] == [None, "place-12"]


def test_where_events_do_not_come_through_the_server_is_asked_now_and_then(page: Page, site: Site) -> None:
    page.route(re.compile("/waiting/"), lambda route: route.fulfill(status=204))
    site.fetcher.answer = lambda ref: limited(ref, 600)
    site.fetcher.places["place-12"] = Place(7, soon(600))
    page.goto(ADDRESS)
    expect(page.get_by_text("7 are before you.")).to_be_visible()


def test_many_people_wait_at_once_and_nobody_is_blocked(browser: Browser, site: Site) -> None:
    site.fetcher.answer = lambda ref: found(ref) if ref.handle == "reg_maple" else limited(ref, 600)
    site.fetcher.places["place-12"] = Place(3, soon(600))
    context = browser.new_context(base_url=site.url)
    waiting = [context.new_page() for _ in range(6)]
    for number, page in enumerate(waiting):
        page.goto(f"/?profile=https://x.com/person_{number}")
    for page in waiting:
        expect(page.get_by_text("3 are before you.")).to_be_visible()
    page = browser.new_page(base_url=site.url)
    page.goto(ADDRESS)
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    page.close()
    context.close()


def test_a_second_person_is_answered_while_the_first_still_waits_for_a_profile(browser: Browser, site: Site) -> None:
    answered = threading.Event()

    def answer(ref: ProfileRef) -> AccountResult:
        if ref.handle == "slow":
            answered.wait(10)
        return found(ref)

    site.fetcher.answer = answer
    first, second = browser.new_page(base_url=site.url), browser.new_page(base_url=site.url)
    first.goto("/")
    first.get_by_label("Profile address or handle").fill("https://x.com/slow")
    first.keyboard.press("Enter")
    expect(first.get_by_role("status")).to_have_text("Looking…")
    second.goto(ADDRESS)
    expect(second.get_by_role("heading", name=RESULT)).to_be_visible()
    answered.set()
    expect(first.get_by_role("heading", name="@slow looks like a regular account.")).to_be_visible()
    first.close()
    second.close()


def test_without_javascript_the_page_goes_on_by_itself_too(browser: Browser, site: Site) -> None:
    site.fetcher.answer = lambda ref: limited(ref, 1.5) if len(site.fetcher.asked) == 1 else found(ref)
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(ADDRESS)
    expect(page.get_by_text("Your place is kept.")).to_be_visible()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    assert site.fetcher.asked[-1].ticket == "place-12"
    context.close()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_browser_whose_clock_is_wrong_waits_as_long_as_others(page: Page, site: Site, ahead: timedelta) -> None:
    page.clock.install(time=datetime.now(UTC) + ahead)
    site.fetcher.answer = lambda ref: limited(ref, 600)
    site.fetcher.places["place-12"] = Place(7, soon(600))
    page.goto(ADDRESS)
    expect(page.get_by_text("7 are before you.")).to_be_visible()
    page.wait_for_timeout(1_000)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^(10 min|9 min \d+ s)$"))
    assert len(site.fetcher.asked) == 1
