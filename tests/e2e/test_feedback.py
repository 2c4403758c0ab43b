"""From an answer to "this is wrong", to the decision, and to the deletion: by keyboard, with scripts and without."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE_MS
from tests.e2e.filled_site import FilledSite, filled_site
from tests.gateway.guarded import SECRETS

pytestmark = pytest.mark.browser

Enter = Callable[[str], Page]
APPROVE = re.compile("Approve.*@reg_oak is Influencer")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FilledSite]:
    with filled_site(tmp_path) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def enter(request: pytest.FixtureRequest, browser: Browser, site: FilledSite) -> Iterator[Enter]:
    """A browser in which somebody signed in, and looks at the first page."""
    contexts: list[BrowserContext] = []

    def sign_in(name: str) -> Page:
        contexts.append(browser.new_context(base_url=site.url, java_script_enabled=request.param))
        page = contexts[-1].new_page()
        page.goto("/")
        page.get_by_label("Key").press_sequentially(SECRETS[name])
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def ask(page: Page, profile: str) -> None:
    page.get_by_label("Profile address or handle").fill(profile)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="looks like a regular account.")).to_be_visible()
    # Answers are kept a moment after they were given.
    form = str(page.get_by_role("link", name="This is wrong").get_attribute("href"))
    until = time.monotonic() + PATIENCE_MS / 1000
    while not page.request.get(form).ok:
        assert time.monotonic() < until, "The answer is not kept."


def test_a_correction_goes_from_its_form_to_the_operators_decision(enter: Enter) -> None:
    ada = enter("ada")
    ask(ada, "https://x.com/reg_oak")
    ada.get_by_role("link", name="This is wrong").press("Enter")
    ada.get_by_role("radio", name="Influencer").press("Space")
    ada.get_by_label("How do you know?").press_sequentially("Seen on stage.")
    ada.get_by_role("button", name="Send the correction").press("Enter")
    expect(ada.get_by_role("heading", name="Thank you")).to_be_visible()
    ada.get_by_role("link", name="Your corrections").press("Enter")
    expect(ada.get_by_role("button", name="Approve")).to_have_count(0)
    expect(ada.get_by_text("By ada")).to_contain_text("pending")

    olga = enter("olga")
    olga.goto("/corrections?state=pending")
    olga.get_by_role("button", name=APPROVE).press("Enter")
    expect(olga.get_by_role("button", name=APPROVE)).to_have_count(0)
    ada.reload()
    expect(ada.get_by_text("By ada")).to_contain_text("approved by olga")


def test_a_deletion_asks_first_and_leaves_nothing(enter: Enter, site: FilledSite) -> None:
    olga = enter("olga")
    ask(olga, "https://x.com/reg_1")
    olga.get_by_role("link", name="Delete").press("Enter")
    expect(olga.get_by_role("heading", name="Delete @reg_1?")).to_be_visible()
    olga.get_by_role("link", name="Keep it").press("Enter")
    expect(olga.get_by_role("heading", name="Answers about @reg_1")).to_be_visible()
    olga.get_by_role("link", name="Delete").press("Enter")
    olga.get_by_role("button", name="Delete it").press("Enter")
    expect(olga.get_by_role("heading", name="@reg_1 was deleted")).to_be_visible()
    olga.goto("/accounts/x/@reg_1")
    expect(olga.get_by_text("Nothing about this account is kept for you.")).to_be_visible()
    olga.goto(f"/batches/{site.things['finished']}/results")
    expect(olga.get_by_role("link", name="@reg_1", exact=True)).to_have_count(0)
    expect(olga.get_by_role("rowheader", name="deleted").first).to_be_visible()
