"""Takes the pictures of docs/screenshots from the running system: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.integration.running_system import System, running_system

OUT = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDE, NARROW = {"width": 1100, "height": 900}, {"width": 360, "height": 800}
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAGES = {"home": "/", "limits": "/limits", "model": "/model", "about": "/about"}


def main() -> None:
    """Ask once, then picture the answer in light, dark and narrow, and every other page in light."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        running_system(Path(state)) as system,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        take(browser, system, "result-light", "/?profile=https://x.com/bot_kite")
        take(browser, system, "result-dark", "/?profile=https://x.com/inf_lantern", scheme="dark")
        take(browser, system, "result-narrow", "/?profile=https://www.instagram.com/reg_meadow", size=NARROW)
        for name, path in PAGES.items():
            take(browser, system, name, path)
        browser.close()


def take(
    browser: Browser, system: System, name: str, path: str, *, size: dict[str, int] = WIDE, scheme: str = "light"
) -> None:
    """One page in one size and colour scheme."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(system.url("GATEWAY_PORT", path), wait_until="networkidle")
    page.screenshot(path=OUT / f"{name}.png", full_page=True)
    page.close()


if __name__ == "__main__":
    main()
