"""What people do on the first page, in a real browser."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from tests.e2e.conftest import Site
from tests.gateway.fakes import found

pytestmark = pytest.mark.browser

RESULT = "@reg_maple looks like a regular account."


def limited(ref: ProfileRef, seconds: float) -> AccountResult:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=until, ticket="place-12")


def test_paste_and_enter_answers_without_a_page_load(page: Page) -> None:
    page.goto("/")
    page.evaluate("window.stayed = true")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name=RESULT)
    expect(heading).to_be_focused()
    expect(page).to_have_title("@reg_maple looks like a regular account · Rollcall")
    assert page.evaluate("window.stayed")
    assert "profile=https%3A%2F%2Fx.com%2Freg_maple" in page.url


def test_the_address_of_an_answer_can_be_opened_again(page: Page, site: Site) -> None:
    page.goto("/")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=RESULT)).to_have_count(0)


def test_a_bare_handle_goes_to_the_chosen_platform(page: Page, site: Site) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Instagram").check()
    page.get_by_label("Profile address or handle").fill("@reg_maple")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    assert site.fetcher.asked[0].accounts == (ProfileRef(Platform.INSTAGRAM, handle="reg_maple"),)


def test_a_sample_is_one_click_away(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="@reg_maple Regular").first.click()
    expect(page.get_by_role("heading", name=RESULT)).to_be_focused()
    expect(page.get_by_label("Profile address or handle")).to_have_value("https://x.com/reg_maple")


def test_nonsense_gets_a_sentence_and_the_field_stays(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple/status/1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Not a profile")).to_be_focused()
    expect(page.get_by_text("That is the address of a post")).to_be_visible()
    expect(page.get_by_label("Profile address or handle")).to_have_value("https://x.com/reg_maple/status/1")


def test_a_refusal_of_ours_is_told_as_what_it_is(page: Page, site: Site) -> None:
    site.fetcher.trouble = RuntimeError("An invented fault.")
    page.goto("/")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Internal error")).to_be_focused()
    expect(page.get_by_text("cannot be reached")).to_be_hidden()


def test_a_limit_counts_down_and_goes_on_by_itself(page: Page, site: Site) -> None:
    site.fetcher.answer = lambda ref: limited(ref, 1.2) if len(site.fetcher.asked) == 1 else found(ref)
    page.goto("/")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rate limit reached")).to_be_focused()
    expect(page.get_by_role("timer")).to_be_visible()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    assert [request.ticket for request in site.fetcher.asked] == [None, "place-12"]


def test_waiting_can_be_stopped(page: Page, site: Site) -> None:
    site.fetcher.answer = lambda ref: limited(ref, 600)
    page.goto("/?profile=https://x.com/reg_maple")
    expect(page.get_by_role("timer")).to_contain_text("min")
    page.get_by_role("button", name="Stop waiting").click()
    expect(page.get_by_role("timer")).to_be_hidden()
    site.fetcher.answer = found
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    assert site.fetcher.asked[-1].ticket == "place-12"


def test_a_lost_server_is_told(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    context.set_offline(True)
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rollcall cannot be reached")).to_be_visible()


def test_a_second_question_overtakes_the_first_and_keeps_the_field(page: Page, site: Site) -> None:
    answered = threading.Event()

    def answer(ref: ProfileRef) -> AccountResult:
        if ref.handle == "first":
            answered.wait(5)
        return found(ref)

    site.fetcher.answer = answer
    field = page.get_by_label("Profile address or handle")
    page.goto("/")
    field.fill("https://x.com/first")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Looking…")
    field.fill("https://x.com/second")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="@second looks like a regular account.")).to_be_focused()
    answered.set()


def test_an_answer_leaves_the_field_to_whoever_types_on(page: Page, site: Site) -> None:
    typed = threading.Event()

    def answer(ref: ProfileRef) -> AccountResult:
        typed.wait(5)
        return found(ref)

    site.fetcher.answer = answer
    field = page.get_by_label("Profile address or handle")
    page.goto("/")
    field.fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    field.fill("https://x.com/nex")
    typed.set()
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    expect(field).to_be_focused()


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    page.goto("/about")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.goto("/")
    expect(page.get_by_label("Profile address or handle")).to_be_focused()
    page.keyboard.type("@reg_maple")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Look")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Instagram")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=RESULT)).to_be_focused()


def test_it_works_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Profile address or handle").fill("https://x.com/reg_maple")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()
    page.get_by_role("link", name="@who_missing").first.click()
    expect(page.get_by_role("heading", name="@who_missing looks like")).to_be_visible()
    site.fetcher.answer = lambda ref: limited(ref, 600)
    page.reload()
    site.fetcher.answer = found
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="@who_missing looks like")).to_be_visible()
    assert site.fetcher.asked[-1].ticket == "place-12"
    context.close()


def test_the_names_of_the_classes_stand_on_one_line_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/?profile=https%3A%2F%2Fx.com%2Freg_maple")
    titles = page.locator(".bars .title")
    expect(titles).to_have_count(4)
    # Whichever it is, the likeliest is written bolder.
    titles.evaluate_all("each => each.forEach(title => title.parentElement.className = 'top')")
    heights = titles.evaluate_all("each => each.map(title => title.clientHeight)")
    assert len(set(heights)) == 1
