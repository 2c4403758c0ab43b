"""Every metric of the gateway, on one screen. No label ever holds a handle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


@dataclass(slots=True)
class Hop:
    """One call to another service; whoever makes it sets `outcome`."""

    outcome: str = "error"


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

    @contextmanager
    def hop(self, name: str, operation: str) -> Iterator[Hop]:
        """Time one call; an exception inside leaves the outcome that was set, else `error`."""
        hop = Hop()
        started = self._now()
        try:
            yield hop
        finally:
            self.hop_seconds.labels(name, operation, hop.outcome).observe(self._now() - started)
