"""WCAG 2.2 AA as far as a program can see it: axe-core on every page, in light and dark, and on a narrow phone."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from contracts.fetch_api import AccountResult, Outcome
from tests.e2e.conftest import Site
from tests.gateway.fakes import NOW, found

pytestmark = [
    pytest.mark.browser,
    # The development server leaves a static file open when the browser goes on before it was sent.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PAGES = (
    "/",
    "/?profile=https://x.com/reg_maple",
    "/?profile=https://x.com/a_limited",
    "/?profile=nonsense",
    "/about",
    "/limits",
    "/model",
    "/problems/nonsense",
)
OVERFLOWING = """[...document.querySelectorAll("article *")].filter((each) =>
    !each.closest(".visually-hidden, .words, svg") &&
    each.getBoundingClientRect().right > each.closest("article").getBoundingClientRect().right
).map((each) => each.outerHTML.slice(0, 80))"""
"""Elements that stick out of their card."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1100)])
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    browser: Browser, site: Site, scheme: Literal["light", "dark"], width: int
) -> None:
    site.fetcher.answer = lambda ref: (
        AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=NOW.replace(year=2100))
        if ref.handle == "a_limited"
        else found(ref, listed=None, verified=True)
    )
    context = browser.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    for path in PAGES:
        page.goto(path)
        results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert any(rule["id"] == "color-contrast" for rule in results.response["passes"])
        assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERFLOWING) == [], path
    context.close()
