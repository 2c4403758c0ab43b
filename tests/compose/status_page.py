"""The status page in a browser, as an operator sees it; STATUS_PICTURE names a file that gets its picture."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.compose.stack import Stack
from tests.e2e.screenshots import ARGUMENTS, WIDE, keep_picture


def read_status(stack: Stack, key: str) -> str:
    """Sign in, open it, and give its text."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
        page.goto(stack.url("/sign-in?next=/status"))
        page.locator("input[name=key]").fill(key)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/status")
        text = page.inner_text("main")
        if picture := os.environ.get("STATUS_PICTURE"):
            keep_picture(page, Path(picture))
        browser.close()
    return text
