"""Every metric of the gateway, on one screen. No label ever holds a handle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contracts.platforms import Platform
from gateway.drift import Drift
from gateway.request_notes import note_hop, note_outcome

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Seconds. The service levels (monitoring/rules) need 0.1 and 5 among them."""
_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(slots=True)
class Hop:
    """One call to another service; whoever makes it sets `outcome`."""

    outcome: str = "error"


@dataclass(slots=True)
class Asked:
    """One account that is being classified.

    The outcome is a typed one (`Outcome`), `allowance-spent` where its key may spend no more, or, by default, our own
    fault.
    """

    outcome: str = "fault"
    cached: bool = False


class Metrics:
    """Rate, errors and duration of each route; duration and outcome of each hop; what was answered."""

    def __init__(self, registry: CollectorRegistry, now: Callable[[], float] = time.perf_counter) -> None:
        self.registry = registry
        self._now = now
        self.requests = Counter(
            "rollcall_gateway_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "rollcall_gateway_request_seconds",
            "Time to answer a request.",
            ["route", "method"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge("rollcall_gateway_requests_in_flight", "Requests being answered.", registry=registry)
        self.hop_seconds = Histogram(
            "rollcall_gateway_hop_seconds",
            "Duration of a call to another service, retries included.",
            ["hop", "operation", "outcome"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.accounts = Counter(
            "rollcall_gateway_accounts", "Accounts by typed outcome.", ["platform", "outcome"], registry=registry
        )
        self.answers = Counter(
            "rollcall_gateway_answers",
            "Accounts classified.",
            ["platform", "label", "unsure", "model_version"],
            registry=registry,
        )
        self.account_seconds = Histogram(
            "rollcall_gateway_account_seconds",
            "Time from a person's question to its outcome; outcome fault is everything that is none.",
            ["platform", "outcome", "cached"],
            buckets=_BUCKETS,
            registry=registry,
        )
        for platform in Platform:
            for cached in ("true", "false"):
                self.account_seconds.labels(platform.value, "ok", cached)
        self.model_version = Gauge(
            "rollcall_gateway_model_version", "Version that a label names, 0 without one.", ["label"], registry=registry
        )
        self.model_seconds = Histogram(
            "rollcall_gateway_model_seconds",
            "Duration of a question to one version; role is stable, canary or shadow.",
            ["model_version", "role", "outcome"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.model_rows = Histogram(
            "rollcall_gateway_model_rows",
            "Accounts to one question to a version.",
            ["model_version", "role"],
            buckets=_ROWS,
            registry=registry,
        )
        self.drift = Drift()
        registry.register(_DriftCollector(self.drift))
        self.database_up = Gauge(
            "rollcall_gateway_database_up", "1 where the gateway's database answered last, else 0.", registry=registry
        )
        self.canary_share = Gauge(
            "rollcall_gateway_canary_share", "Share of the accounts that the canary answers.", registry=registry
        )
        self.rollbacks = Counter(
            "rollcall_gateway_rollbacks",
            "Canaries that lost their share, by broken bound.",
            ["bound"],
            registry=registry,
        )
        self.shadow_copies = Counter(
            "rollcall_gateway_shadow_copies",
            "Copies of questions: compared, failed, moved (the label was), or dropped as busy, full or late.",
            ["outcome"],
            registry=registry,
        )
        self.shadow_labels = Counter(
            "rollcall_gateway_shadow_labels",
            "Accounts that stable and the canary were both asked about, by whether the label is the same.",
            ["model_version", "agree"],
            registry=registry,
        )
        self.shadow_difference = Summary(
            "rollcall_gateway_shadow_difference",
            "Mean absolute difference of the class probabilities of stable and the canary.",
            ["model_version"],
            registry=registry,
        )

        self.refused = Counter(
            "rollcall_gateway_refused",
            "Requests that were not let in: key-needed, operator-only or too-many-requests.",
            ["reason"],
            registry=registry,
        )

        self.results_kept = Counter(
            "rollcall_gateway_results_kept",
            "Answers that were to be stored: kept, deleted (meanwhile), or lost (queue full, database away).",
            ["outcome"],
            registry=registry,
        )
        self.erased = Counter(
            "rollcall_gateway_erased",
            "Rows deleted with their account; reason is asked, recheck or restored.",
            ["place", "reason"],
            registry=registry,
        )
        self.swept = Counter(
            "rollcall_gateway_swept", "Rows deleted because their time was over.", ["place"], registry=registry
        )
        self.rechecked = Counter(
            "rollcall_gateway_rechecked",
            "Stored accounts looked up again: kept, deleted, or skipped for money or limits.",
            ["outcome"],
            registry=registry,
        )
        self.recheck_usd = Counter(
            "rollcall_gateway_recheck_usd", "Dollars spent on looking up again.", registry=registry
        )

    @property
    def requests_in_flight(self) -> int:
        """How many requests are being answered now, the one in hand among them."""
        return round(next(iter(self.in_flight.collect())).samples[0].value)

    @contextmanager
    def asked(self, platform: str) -> Iterator[Asked]:
        """Time one account from the question to whatever became of it."""
        asked = Asked()
        started = self._now()
        try:
            yield asked
        finally:
            labels = (platform, asked.outcome, str(asked.cached).lower())
            self.account_seconds.labels(*labels).observe(self._now() - started)
            note_outcome(asked.outcome)

    @contextmanager
    def hop(self, name: str, operation: str) -> Iterator[Hop]:
        """Time one call; an exception inside leaves the outcome that was set, else `error`."""
        hop = Hop()
        started = self._now()
        try:
            yield hop
        finally:
            seconds = self._now() - started
            self.hop_seconds.labels(name, operation, hop.outcome).observe(seconds)
            note_hop(name, operation, hop.outcome, seconds)


class _DriftCollector(Collector):
    """What was counted against the reference of each version, read at each scrape."""

    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def describe(self) -> Iterable[Metric]:
        """The families without values."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """The families with their values."""
        counts, shares, rates = families = self._families()
        for *labels, count in self._drift.counts():
            counts.add_metric(labels, count)
        for *labels, share in self._drift.shares():
            shares.add_metric(labels, share)
        for *labels, rate in self._drift.base_rates():
            rates.add_metric(labels, rate)
        return families

    @staticmethod
    def _families() -> tuple[CounterMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        bins = ["model_version", "platform", "feature", "bin"]
        return (
            CounterMetricFamily(
                "rollcall_gateway_feature_bin_accounts",
                "Accounts whose feature fell into a bin of its reference; bin is the upper bound.",
                labels=bins,
            ),
            GaugeMetricFamily(
                "rollcall_gateway_feature_bin_share", "Share of the reference's accounts in a bin.", labels=bins
            ),
            GaugeMetricFamily(
                "rollcall_gateway_class_base_rate",
                "Share of a class that the version's probabilities assume.",
                labels=["model_version", "platform", "label"],
            ),
        )
