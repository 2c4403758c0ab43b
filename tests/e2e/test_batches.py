"""A batch from plan to download, and a reviewed sample, in Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.runner import Runner
from gateway.batches.store import BatchStore
from gateway.config import Config
from gateway.database import open_database
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from tests.e2e.serving import served
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel, nothing

pytestmark = pytest.mark.browser
WIDE = """[...document.querySelectorAll('main *')].filter(each => !each.closest('.scroll'))
    .filter(each => each.getBoundingClientRect().right > innerWidth).map(each => each.outerHTML.slice(0, 80))"""


@dataclass
class BatchSite:
    """A running gateway, and the worker's part of it."""

    url: str
    runner: Runner

    def work(self) -> None:
        while self.runner.step():
            pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[BatchSite]:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    fetcher, versions = FakeFetcher(), FakeVersions()
    app = create_app(
        Config(),
        fetcher=fetcher,
        model=FakeModel(),
        demo=FakeDemo(),
        engine=engine,
        versions=versions,
        get=nothing,
    )
    registry = CollectorRegistry()
    claims = Claims(BatchStore(engine, time.time), lease_s=60)
    runner = Runner(claims, fetcher, versions, Metrics(registry), BatchMetrics(registry))
    with served(app) as url:
        yield BatchSite(url, runner)
    engine.dispose()


def give(page: Page, accounts: str) -> None:
    page.goto("/batches")
    page.get_by_label("Accounts, one a line").fill(accounts)
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()


def test_a_batch_goes_from_plan_to_download(page: Page, site: BatchSite) -> None:
    give(page, "\n".join([*(f"@reg_{number}" for number in range(60)), "@reg_1", "no such"]))
    expect(page.get_by_text("Line 61: The same account stands in line 2.")).to_be_visible()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("0 of 60 accounts have an outcome")).to_be_visible()
    site.work()
    expect(page.get_by_text("Finished 60 of 60 accounts have an outcome.")).to_be_visible()
    expect(page.get_by_role("heading", name="How common each class is")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 61
    assert lines[1].startswith("1,x,4211,ok,regular,false,0.86,")
    page.get_by_role("link", name="Results").click()
    expect(page.get_by_text("60 accounts.")).to_be_visible()
    page.get_by_role("link", name="On", exact=True).click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_label("Label").select_option("bot")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No account of this choice.")).to_be_visible()


def test_a_file_can_be_dropped_on_the_form(page: Page) -> None:
    page.goto("/batches")
    dropped = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["handle,platform\\nmaple,x\\noak,x\\n"], "list.csv", { type: "text/csv" }));
            return data;
        }"""
    )
    form = page.locator(".batch-form")
    form.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(form).to_have_class("stacked batch-form dropping")
    form.dispatch_event("drop", {"dataTransfer": dropped})
    expect(form).to_have_class("stacked batch-form")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator(".plan")).to_contain_text("accounts2")


def test_a_second_click_sends_no_second_list(page: Page) -> None:
    page.goto("/batches")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Accounts, one a line").fill("@maple")
    page.get_by_role("button", name="Show the plan").evaluate(
        "(it) => { it.click(); setTimeout(() => it.click(), 20); }"
    )
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
    assert len(sent) == 1


def test_a_batch_is_paused_resumed_and_cancelled(page: Page, site: BatchSite) -> None:
    give(page, "@maple\n@oak")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Delete for good")).to_be_hidden()
    page.get_by_text("Delete this batch and its results").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Batches", exact=True)).to_be_visible()


def test_a_sample_is_reviewed_by_keyboard(page: Page, site: BatchSite) -> None:
    give(page, "\n".join(f"@reg_{number}" for number in range(20)))
    page.get_by_role("button", name="Begin").click()
    site.work()
    page.reload()
    page.get_by_role("link", name="Review a sample").click()
    page.get_by_label("Accounts").fill("3")
    page.get_by_role("button", name="Draw").press("Enter")
    for number in range(3):
        group = page.get_by_role("group").nth(number)
        group.get_by_role("radio", name="Regular").press("Space")
    page.get_by_role("button", name="Keep the labels").press("Enter")
    expect(page.get_by_role("row", name="All 3 3 100.0% 43.9% to 100.0%")).to_be_visible()


def test_a_batch_is_worked_through_without_javascript(browser: Browser, site: BatchSite) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    give(page, "@maple")
    page.get_by_role("button", name="Begin").click()
    site.work()
    page.goto(page.url)
    expect(page.get_by_text("Finished 1 of 1 accounts have an outcome.")).to_be_visible()
    context.close()


def test_no_page_of_batches_has_an_accessibility_fault_or_a_sideways_scroll(
    context: BrowserContext, page: Page, site: BatchSite
) -> None:
    give(page, "@maple\n@oak\nno such")
    planned = page.url
    page.get_by_role("button", name="Begin").click()
    site.work()
    expect(page.get_by_text("Finished 2 of 2 accounts have an outcome.")).to_be_visible()
    # The page that is told so loads itself again, which would break off the next.
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.goto(f"{planned}/review")
    page.get_by_role("button", name="Draw").click()
    give(page, "@elm")
    page.set_viewport_size({"width": 360, "height": 800})
    for address in ("/batches", page.url, planned, f"{planned}/results", f"{planned}/review"):
        page.goto(address)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            pytest.fail(f"{address}: {page.evaluate(WIDE)}")
