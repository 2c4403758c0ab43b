"""Every metric of the fetcher on one screen. Labels hold platforms, methods and outcomes, never an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


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
            "rollcall_fetcher_limiter_wait_seconds", "Wait for a grant.", ["platform", "method"],
            buckets=_SECONDS, registry=registry,
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

    def upstream(self, platform: str, method: str, outcome: str, seconds: float) -> None:
        """A request to a platform ended."""
        self._requests.labels(platform, method, outcome).inc()
        self._upstream_seconds.labels(platform, method).observe(max(0.0, seconds))

    def granted(self, platform: str, method: str, wait_s: float) -> None:
        """A request was granted after `wait_s` seconds."""
        self._waits.labels(platform, method).observe(max(0.0, wait_s))

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

    def watch_windows(self, read: Callable[[], Iterable[tuple[str, str, float, float, float, float]]]) -> None:
        """Export at each scrape what `read` gives: platform, window, limit, used, remaining, seconds to the reset."""
        self._registry.register(_Gauges(_window_families, read))

    def watch_money(self, read: Callable[[], Iterable[tuple[str, str, float, float]]]) -> None:
        """Export what `read` gives: platform, `day` or `month`, budget and what is spent of it, in US dollars."""
        self._registry.register(_Gauges(_money_families, read))

    def watch_methods(self, read: Callable[[], Iterable[tuple[str, str, float, float]]]) -> None:
        """Export what `read` gives: platform, method, 1 where its breaker is open, share of missing fields."""
        self._registry.register(_Gauges(_method_families, read))


class _Gauges(Collector):
    """Rows of two labels and a value for each family, read at each scrape."""

    def __init__(
        self, families: Callable[[], list[GaugeMetricFamily]], read: Callable[[], Iterable[tuple[Any, ...]]]
    ) -> None:
        self._families = families
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families = self._families()
        for platform, name, *values in self._read():
            for family, value in zip(families, values, strict=True):
                family.add_metric([platform, name], value)
        return families


def _money_families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(f"rollcall_fetcher_budget_{name}_usd", text, labels=["platform", "period"])
        for name, text in (
            ("limit", "What may be spent in the UTC day or month."),
            ("spent", "What is spent of it, reservations included."),
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
        )
    ]
