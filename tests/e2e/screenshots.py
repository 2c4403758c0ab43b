"""Takes the pictures of docs/screenshots from the running system: `make screenshots`.

They are reduced to 128 colours, which flat pages bear well, so that none is larger than 300 KB.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.pictured import filled
from tests.integration.running_system import running_system

OUT = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
HIGHEST = 4000
"""Pixels; what lies further down a page is left out of its picture."""
WIDE, NARROW = {"width": 1100, "height": 900}, {"width": 360, "height": 800}
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at; `dark` and `narrow` are taken beside the light and wide picture."""

    path: str
    dark: bool = False
    narrow: bool = False


def looks(things: Mapping[str, str]) -> Mapping[str, Look]:
    """Every page by the name of its picture; `things` are the ids and addresses of what there is to see."""
    batch = f"/batches/{things['finished']}"
    return {
        "home": Look("/", dark=True, narrow=True),
        "result": Look("/?profile=https://x.com/bot_kite", dark=True, narrow=True),
        "result-unsure": Look("/?profile=https://www.instagram.com/reg_comet_in_line_4"),
        "not-found": Look("/?profile=https://x.com/reg_maple_missing"),
        "waiting": Look(f"/?profile={things['limited']}", dark=True, narrow=True),
        "history": Look("/history", narrow=True),
        "account": Look("/accounts/x/@bot_kite"),
        "correct": Look(f"/results/{things['result']}/correct", narrow=True),
        "corrections": Look("/corrections", dark=True, narrow=True),
        "delete": Look("/accounts/x/@bot_kite/delete"),
        "batches": Look("/batches", dark=True, narrow=True),
        "batch-planned": Look(f"/batches/{things['planned']}", narrow=True),
        "batch-running": Look(f"/batches/{things['running']}"),
        "batch-finished": Look(batch, dark=True, narrow=True),
        "batch-results": Look(f"{batch}/results?sort=bot&order=desc", narrow=True),
        "batch-review": Look(f"{batch}/review", dark=True, narrow=True),
        "batch-compare": Look(f"{batch}/compare?with={things['other']}", narrow=True),
        "limits": Look("/limits", narrow=True),
        "model": Look("/model", dark=True, narrow=True),
        "status": Look("/status", dark=True, narrow=True),
        "api": Look("/api"),
        "about": Look("/about", narrow=True),
        "problem": Look("/problems/rate-limited"),
        "no-such-page": Look("/nowhere"),
        "sign-in": Look(things["sign_in"], dark=True, narrow=True),
    }


def main() -> None:
    """Fill a system with answers, batches, labels and a correction, and picture every page of it."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder)) as system,
        filled(system, Path(folder)) as things,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for name, look in looks(things).items():
            address = look.path if "://" in look.path[:8] else system.url("GATEWAY_PORT", look.path)
            take(browser, name, address)
            if look.dark:
                take(browser, f"{name}-dark", address, scheme="dark")
            if look.narrow:
                take(browser, f"{name}-narrow", address, size=NARROW)
        browser.close()


def take(browser: Browser, name: str, address: str, *, size: dict[str, int] = WIDE, scheme: str = "light") -> None:
    """One page in one size and colour scheme."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    # A page that waits or watches never falls silent.
    page.goto(address, wait_until="load")
    page.wait_for_timeout(600)
    keep_picture(page, OUT / f"{name}.png")
    page.close()


def keep_picture(page: Page, path: Path) -> None:
    """The whole page as it is now."""
    picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, HIGHEST)))
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
