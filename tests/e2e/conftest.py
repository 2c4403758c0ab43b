"""A real Chromium in front of a real gateway, whose fetcher and model the tests may change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from gateway.app import create_app
from gateway.config import Config
from tests.e2e.serving import served
from tests.gateway.fakes import FakeDemo, FakeFetcher, FakeModel, nothing

FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


PATIENCE_MS = 30_000
"""So long a page may take on a machine that is busy; whoever is ready earlier is seen at once."""


@dataclass(frozen=True, slots=True)
class Site:
    """A running gateway and what stands behind it."""

    url: str
    fetcher: FakeFetcher
    model: FakeModel


@cache
def chromium() -> str | None:
    """The installed browser."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        message = "Chromium is missing: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[Site]:
    fetcher, model = FakeFetcher(), FakeModel()
    app = create_app(Config(), fetcher=fetcher, model=model, demo=FakeDemo(), get=nothing)
    with served(app) as url:
        yield Site(url, fetcher, model)


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A fresh profile; it refuses every other host, and the test fails if one was asked for."""
    strangers: list[str] = []
    context = browser.new_context(base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    context.on("request", lambda request: None if request.url.startswith(site.url) else strangers.append(request.url))
    yield context
    context.close()
    assert not strangers


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script fails and no rule of the content security policy is broken."""
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
    yield page
    assert not faults
