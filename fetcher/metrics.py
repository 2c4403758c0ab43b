"""Every metric of the fetcher on one screen. Labels hold platforms, methods and outcomes, never an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ACCOUNTS = (1, 2, 5, 10, 20, 50, 99, 100)
_ALARMING = ("rate-limited", "usage-capped", "blocked", "not-in-plan")
"""Outcomes that an alert waits for: they are counted from 0, or the first of them would not be an increase."""


class Metrics:
    """Counts into `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._requests = Counter(
            "rollcall_fetcher_upstream_requests", "Requests sent to a platform.", ["platform", "method", "outcome"],
            registry=registry,
        )  # fmt: skip
        self._upstream_seconds = Histogram(
            "rollcall_fetcher_upstream_seconds", "Time to a platform's answer.", ["platform", "method"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._waits = Histogram(
            "rollcall_fetcher_limiter_wait_seconds", "Wait for a grant.", ["platform", "method", "priority"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._request_accounts = Histogram(
            "rollcall_fetcher_request_accounts", "Accounts that one request to a platform asked for.",
            ["platform", "method"], buckets=_ACCOUNTS, registry=registry,
        )  # fmt: skip
        self._refused = Counter(
            "rollcall_fetcher_limiter_refused", "Requests whose wait would have passed the deadline.",
            ["platform", "method", "reason"], registry=registry,
        )  # fmt: skip
        self._alarms = Counter(
            "rollcall_fetcher_checkpoints", "Times that a platform demanded a checkpoint, challenge or feedback.",
            ["platform", "method"], registry=registry,
        )  # fmt: skip
        self._accounts = Counter(
            "rollcall_fetcher_accounts", "Accounts answered.", ["platform", "outcome", "cached"], registry=registry
        )
        self._cache = Counter(
            "rollcall_fetcher_cache", "Lookups in the cache.", ["platform", "result"], registry=registry
        )
        self._routes = Counter(
            "rollcall_fetcher_http_requests",
            "Requests to the fetcher.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._route_seconds = Histogram(
            "rollcall_fetcher_http_seconds", "Time to answer a request.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._in_progress = Gauge("rollcall_fetcher_http_in_progress", "Requests being answered.", registry=registry)

    def expect(self, platform: str, methods: Iterable[str]) -> None:
        """Begin at 0 what may happen to requests by `methods`."""
        for method in methods:
            self._alarms.labels(platform, method)
            for outcome in _ALARMING:
                self._requests.labels(platform, method, outcome)

    def upstream(self, platform: str, method: str, outcome: str, *, seconds: float, accounts: int) -> None:
        """A request to a platform for so many accounts ended."""
        self._requests.labels(platform, method, outcome).inc()
        self._upstream_seconds.labels(platform, method).observe(max(0.0, seconds))
        self._request_accounts.labels(platform, method).observe(accounts)

    def granted(self, platform: str, method: str, wait_s: float, *, person: bool) -> None:
        """A request was granted after `wait_s` seconds."""
        priority = "person" if person else "batch"
        self._waits.labels(platform, method, priority).observe(max(0.0, wait_s))

    def refused(self, platform: str, method: str, reason: str) -> None:
        """A request was refused because its wait would have been too long."""
        self._refused.labels(platform, method, reason).inc()

    def alarm(self, platform: str, method: str) -> None:
        """A platform demanded that our account proves itself."""
        self._alarms.labels(platform, method).inc()

    def account(self, platform: str, outcome: str, *, cached: bool) -> None:
        """One account was answered."""
        self._accounts.labels(platform, outcome, str(cached).lower()).inc()

    def cache(self, platform: str, result: str, count: int) -> None:
        """`count` lookups in the cache were a `hit` or a `miss`."""
        self._cache.labels(platform, result).inc(count)

    def began(self) -> None:
        """A request to the fetcher came in."""
        self._in_progress.inc()

    def ended(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request to the fetcher was answered; `route` is the rule, not the path."""
        self._in_progress.dec()
        self._routes.labels(route, method, str(status)).inc()
        self._route_seconds.labels(route).observe(max(0.0, seconds))

    def watch(self, report: Report) -> None:
        """Export at each scrape what `report` reads of the store, which outlives the process."""
        families = (
            (_window_families, report.gauges),
            (_money_families, report.money),
            (_method_families, report.health),
            (_queue_families, report.queue),
            (_store_families, report.store_up),
            (_session_families, report.sessions),
        )
        for each, read in families:
            self._registry.register(_Gauges(each, read))


class Report(Protocol):
    """What is read at each scrape: rows of labels, then one value for each gauge (None where there is none)."""

    def gauges(self) -> Iterable[tuple[str, str, float, float, float, float, float]]:
        """Platform, window, limit, used, remaining, seconds to the reset, pace in seconds."""

    def money(self) -> Iterable[tuple[str, str, float | None, float]]:
        """Platform, `day` or `month`, budget (None is no bound) and what is spent, in US dollars."""

    def health(self) -> Iterable[tuple[str, str, float, float]]:
        """Platform, method, 1 where its breaker is open, share of missing fields."""

    def queue(self) -> Iterable[tuple[str, str, float, float]]:
        """Platform, `person` or `batch`, accounts that wait for a request, and tickets in the line."""

    def store_up(self) -> Iterable[tuple[float]]:
        """1 where the store can be read."""

    def sessions(self) -> Iterable[tuple[str, float, float | None]]:
        """Platform, 1 where its session has expired, and since when it is used, in seconds since the epoch."""


class _Gauges(Collector):
    """Rows of labels and a value for each family, read at each scrape."""

    def __init__(
        self, families: Callable[[], list[GaugeMetricFamily]], read: Callable[[], Iterable[tuple[Any, ...]]]
    ) -> None:
        self._families = families
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families = self._families()
        for row in self._read():
            labels = row[: -len(families)]
            for family, value in zip(families, row[-len(families) :], strict=True):
                if value is not None:
                    family.add_metric(labels, value)
        return families


def _money_families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(f"rollcall_fetcher_budget_{name}_usd", text, labels=["platform", "period"])
        for name, text in (
            ("limit", "What may be spent in the UTC day or month."),
            ("spent", "What is spent at the prices of limits.toml, reservations included."),
        )
    ]


def _method_families() -> list[GaugeMetricFamily]:
    labels = ["platform", "method"]
    return [
        GaugeMetricFamily("rollcall_fetcher_breaker_open", "1 where the method rests.", labels=labels),
        GaugeMetricFamily("rollcall_fetcher_missing_fields", "Share of facts its answers lack.", labels=labels),
    ]


def _window_families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(f"rollcall_fetcher_window_{name}", text, labels=["platform", "window"])
        for name, text in (
            ("limit", "Requests that the window allows."),
            ("used", "Requests that count in the window."),
            ("remaining", "Requests left in the window."),
            ("reset_seconds", "Seconds until the window is free in full."),
            ("pace_seconds", "Seconds between requests at which what remains lasts until the reset."),
        )
    ]


def _queue_families() -> list[GaugeMetricFamily]:
    labels = ["platform", "priority"]
    return [
        GaugeMetricFamily("rollcall_fetcher_queue_accounts", "Accounts that wait for a request.", labels=labels),
        GaugeMetricFamily(
            "rollcall_fetcher_queue_tickets", "Places in the line of those who come back.", labels=labels
        ),
    ]


def _store_families() -> list[GaugeMetricFamily]:
    return [GaugeMetricFamily("rollcall_fetcher_store_up", "1 where the record of requests can be read.", labels=[])]


def _session_families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily("rollcall_fetcher_session_expired", "1 where a login is refused.", labels=["platform"]),
        GaugeMetricFamily(
            "rollcall_fetcher_session_saved_timestamp_seconds", "When the login was saved.", labels=["platform"]
        ),
    ]
