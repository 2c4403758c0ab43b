"""What `rollcall doctor` finds out: whether each part answers, and, live, what one call per method gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.features import SCHEMA_VERSION
from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome
from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS
from contracts.profile_ref import ProfileRef
from gateway.config import Config
from gateway.errors import FetcherUnreachableError, ModelUnavailableError
from gateway.fetcher_client import Fetcher
from gateway.prediction import Model

LIVE_ACCOUNTS = {Platform.X: "x", Platform.INSTAGRAM: "instagram"}
"""The platforms' own accounts, which exist as long as they do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `good` is None where there is nothing to judge."""

    subject: str
    text: str
    good: bool | None = None


class Reach(Protocol):
    """Asks an address; the real one is `get_status`."""

    def __call__(self, url: str) -> str | None:
        """None when it answers with 200, else what happened."""


class Doctor:
    """Examines what `config` names. `request_id` goes over every hop, so that the logs can be searched for it."""

    def __init__(
        self,
        config: Config,
        fetcher: Fetcher,
        model: Model,
        reach: Reach,
        *,
        request_id: str,
        accounts: Mapping[Platform, str] = LIVE_ACCOUNTS,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._config = config
        self._fetcher = fetcher
        self._model = model
        self._reach = reach
        self._request_id = request_id
        self._accounts = accounts
        self._now = now

    def examine(self) -> Iterator[Finding]:
        """Every finding, in the order in which a person would look."""
        config = self._config
        yield Finding("platforms", "emulated: every account is invented" if config.emulated else "live")
        gateway = f"http://{config.bind_host}:{config.port}"
        yield self._part("gateway", gateway, "/readyz")
        yield self._part("fetcher", config.fetcher_url, "/readyz")
        if config.emulated:
            yield self._part("emulated platforms", config.emulator_url, "/livez")
        yield self._model_server()
        yield from self._limits()
        if not config.emulated:
            for platform in Platform:
                yield from self._live_calls(platform)

    def _part(self, name: str, url: str, path: str) -> Finding:
        started = self._now()
        trouble = self._reach(url + path)
        if trouble is not None:
            return Finding(name, f"{url}: {trouble}", good=False)
        return Finding(name, f"{url} is ready ({1000 * (self._now() - started):.0f} ms)", good=True)

    def _model_server(self) -> Finding:
        target = self._config.model_server
        try:
            version = self._model.version(self._request_id, fresh=True)
        except ModelUnavailableError as error:
            return Finding("model server", f"{target}: {error}", good=False)
        return Finding(
            "model server", f"{target} serves version {version.number}, feature schema {SCHEMA_VERSION}", good=True
        )

    def _limits(self) -> Iterator[Finding]:
        try:
            report = self._fetcher.limits(self._request_id)
        except FetcherUnreachableError as error:
            yield Finding("limits", str(error), good=False)
            return
        for platform in report.get("platforms", []):
            name = Platform(platform["platform"]).title
            yield Finding(f"{name} credential", f"{str(platform.get('credential', ''))[:4]}…")
            for window in platform.get("windows", []):
                yield Finding(f"{name} window {window['name']}", window_words(window))
            for penalty in platform.get("penalties", []):
                yield Finding(f"{name} penalty", f"{penalty['reason']} until {penalty['until']}", good=False)
            for budget in platform.get("budget", []):
                yield Finding(f"{name} budget of {budget['period']}", budget_words(budget))
            yield Finding(f"{name} price", price_words(platform.get("prices", {})))

    def _live_calls(self, platform: Platform) -> Iterator[Finding]:
        by_handle = self._call(ProfileRef(platform, handle=self._accounts[platform]))
        yield from self._told(by_handle)
        if by_handle.profile is not None and by_handle.profile.id is not None and platform is Platform.X:
            yield from self._told(self._call(ProfileRef(platform, id=by_handle.profile.id)))

    def _call(self, ref: ProfileRef) -> AccountResult:
        request = FetchRequest(accounts=(ref,), include=frozenset({ACTIVITY}), deadline_s=20.0)
        try:
            return self._fetcher.profiles(request, self._request_id)[0]
        except FetcherUnreachableError as error:
            return AccountResult(ref=ref, outcome=Outcome.UPSTREAM_ERROR, detail=str(error))

    def _told(self, result: AccountResult) -> Iterator[Finding]:
        subject = f"{result.ref.platform.title} by {'handle' if result.ref.handle else 'id'}"
        if result.profile is None:
            yield Finding(subject, f"{result.outcome.value}: {result.detail}", good=False)
            return
        known = result.profile.facts_known
        missing = [name for name in MODEL_FACTS[result.ref.platform] if name not in known]
        source = "kept from an earlier call" if result.cached else f"called {result.method}"
        lacks = f"missing {', '.join(missing)}" if missing else "no field missing"
        yield Finding(subject, f"{source}; {lacks}", good=not missing)


def window_words(window: Mapping[str, Any]) -> str:
    """One window of the fetcher's report as a phrase."""
    words = f"{window['used']} of {window['limit']} used in {float(window['seconds']):g} s"
    return f"{words}, resets {window['reset_at']}" if window.get("reset_at") else words


def budget_words(budget: Mapping[str, Any]) -> str:
    """What is left of a period's money."""
    return f"${budget['left_usd']:.2f} of ${budget['limit_usd']:.2f} left"


def price_words(prices: Mapping[str, float]) -> str:
    """What one account costs by each method, in US dollars."""
    if not prices:
        return "nothing is charged"
    return ", ".join(f"${price:.3f} an account by {method}" for method, price in sorted(prices.items()))
