"""WCAG 2.2 AA as far as a program can see it: axe-core on every page, in light and dark and on a narrow phone, and the
keyboard on each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import PATIENCE_MS
from tests.e2e.filled_site import FilledSite, filled_site
from tests.gateway.guarded import SECRETS

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/?profile=https://x.com/reg_maple",
    "/?profile=https://x.com/a_limited",
    "/?profile=nonsense",
    "/about",
    "/limits",
    "/status",
    "/api",
    "/model",
    "/problems/nonsense",
    "/nowhere",
    "/history",
    "/history?profile=nonsense",
    "/accounts/x/@reg_maple",
    f"/accounts/instagram/@{'w' * 30}",
    "/accounts/x/@reg_maple/delete",
    "/results/{result}/correct",
    "/corrections",
    "/batches",
    "/batches/{planned}",
    "/batches/{running}",
    "/batches/{finished}",
    "/batches/{finished}/results",
    "/batches/{finished}/review",
    "/batches/{finished}/compare?with={other}",
)
SIGN_IN = "/sign-in?next=/history"
OVERFLOWING = """[...document.querySelectorAll("article *")].filter((each) =>
    !each.closest(".visually-hidden, .words, svg") &&
    each.getBoundingClientRect().right > each.closest("article").getBoundingClientRect().right
).map((each) => each.outerHTML.slice(0, 80))"""
"""Elements that stick out of their card."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REACHABLE = """() => {
    const groups = new Set();
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(
        (each) => each.type !== "hidden" && !each.disabled && each.checkVisibility()
    ).filter((each) => {
        // The arrow keys lead through the radio buttons of a group.
        if (each.type !== "radio") return true;
        const group = `${each.form && [...document.forms].indexOf(each.form)} ${each.name}`;
        return !groups.has(group) && groups.add(group);
    }).length;
}"""
"""How many things the Tab key must lead to."""
FROM_THE_BEGINNING = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
}"""
"""Also where the field of the page has the focus already."""
FOCUSED = """() => {
    const each = document.activeElement;
    if (!each || each === document.body) return null;
    window.seen ??= new Set();
    if (window.seen.has(each)) return null;
    window.seen.add(each);
    const look = getComputedStyle(each);
    const framed = each.closest(".field");
    const outline = (framed && each.matches("input") ? getComputedStyle(framed) : look).outlineStyle;
    const box = each.getBoundingClientRect();
    const sees = box.bottom > 0 && box.top < innerHeight && outline !== "none";
    return { sees, html: each.outerHTML.slice(0, 120) };
}"""
"""What has the focus, once; whether somebody sees it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledSite]:
    with filled_site(tmp_path_factory.mktemp("filled")) as site:
        yield site


@pytest.fixture(scope="module", params=[("light", 320), ("dark", 1100)], ids=["light-narrow", "dark-wide"])
def looking(request: pytest.FixtureRequest, browser: Browser, site: FilledSite) -> Iterator[Page]:
    with signed_in(browser, site, *request.param) as page:
        yield page


@pytest.fixture(scope="module")
def typing(browser: Browser, site: FilledSite) -> Iterator[Page]:
    with signed_in(browser, site, "light", 1100) as page:
        yield page


@contextmanager
def signed_in(browser: Browser, site: FilledSite, scheme: Literal["light", "dark"], width: int) -> Iterator[Page]:
    """A page of the operator, in one colour scheme and width."""
    with browser.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        check(page, SIGN_IN)
        page.get_by_label("Key").fill(SECRETS["olga"])
        page.keyboard.press("Enter")
        page.get_by_text("Signed in as olga").wait_for()
        yield page


def check(page: Page, path: str) -> None:
    page.goto(path)
    assert page.url.endswith(path), page.url
    page.evaluate("[...document.querySelectorAll('details')].slice(0, 12).forEach((each) => { each.open = true; })")
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert any(rule["id"] == "color-contrast" for rule in results.response["passes"])
    assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert page.evaluate(OVERFLOWING) == [], path


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(looking: Page, site: FilledSite, path: str) -> None:
    check(looking, path.format(**site.things))


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(typing: Page, site: FilledSite, path: str) -> None:
    typing.goto(path.format(**site.things))
    assert "/sign-in" not in typing.url
    wanted = typing.evaluate(REACHABLE)
    reached = []
    typing.evaluate(FROM_THE_BEGINNING)
    for _ in range(wanted + 5):
        typing.keyboard.press("Tab")
        focused = typing.evaluate(FOCUSED)
        if focused is None:
            break
        reached.append(focused)
    assert len(reached) == wanted, (path, wanted, [each["html"] for each in reached])
    assert [each["html"] for each in reached if not each["sees"]] == []


def test_no_page_is_left_out(site: FilledSite) -> None:
    paths = [urlsplit(path.format(**site.things)).path for path in (*PAGES, SIGN_IN) if path != "/nowhere"]
    adapter = site.app.url_map.bind("localhost")
    looked_at = {adapter.match(path, method="GET")[0] for path in paths}
    assert pages_of(site) - looked_at == set()


def pages_of(site: FilledSite) -> set[str]:
    """The endpoints of all pages: what answers GET and is neither data, nor a stream, nor a file."""
    rules = [rule for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or set())]
    others = ("/api/", "/static/", "/openapi.json", "/livez", "/readyz")
    return {rule.endpoint for rule in rules if not rule.rule.startswith(others) and "events" not in rule.endpoint}
