"""The page in a real browser before the real processes."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.integration.running_system import System

pytestmark = pytest.mark.browser


def test_a_person_gets_an_answer_and_sees_it_counted(system: System) -> None:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        message = "Chromium is missing: apt-get install chromium"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    # The browser tests' own Playwright may still run in this thread, which has room for one.
    with ThreadPoolExecutor(1) as another:
        another.submit(_ask_and_look, system, path).result(timeout=100)


def _ask_and_look(system: System, path: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        page = browser.new_page(base_url=system.url("GATEWAY_PORT", "/"))
        page.set_default_timeout(20_000)
        page.goto("/")
        page.get_by_role("link", name="@bot_kite Bot").click()
        heading = page.get_by_role("heading", name="@bot_kite looks")
        expect(heading).to_be_focused(timeout=20_000)
        expect(page.get_by_text("Read from 11 of 11 facts; accuracy for this view:")).to_be_visible()
        expect(page.get_by_text("as among those the model learned from")).to_be_visible()
        page.get_by_role("link", name="Status").click()
        expect(page.get_by_role("row", name="answered")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("is stable.")).to_be_visible()
        browser.close()
