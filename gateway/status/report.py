"""Puts together what the status page and `GET /api/v1/status` tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import FetcherUnreachableError
from gateway.fetcher_client import Fetcher
from gateway.metrics import Metrics
from gateway.split_model import SplitModel
from gateway.status.figures import Figures, fetcher_figures, gateway_figures, quantile, worker_figures
from gateway.status.history import KEPT_S, History
from gateway.status.http_get import Get
from gateway.status.prometheus import WINDOW_S, Prometheus, Told
from gateway.traffic_control import TrafficControl
from gateway.traffic_report import TrafficReport, report

Series = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over time; `now` is that of the last minutes. Units: 1/s, s, or share."""

    name: str
    unit: str
    now: float | None
    values: Series


@dataclass(frozen=True, slots=True)
class Hop:
    """Calls of this process to one other service in the last minutes; times in seconds."""

    name: str
    calls: int
    failed: int
    p50_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class Service:
    """Whether a part of the system answers, and one sentence about it."""

    name: str
    up: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Everything on the screen. `source` is `prometheus` or `gateway`: this process alone.

    `outcomes`, `fetcher` and the worker's rows count since the start of the process that counts.
    """

    source: str
    window_s: float
    charts: tuple[Chart, ...]
    in_flight: int
    outcomes: Mapping[str, int]
    hops: tuple[Hop, ...]
    fetcher: Mapping[str, float | None]
    worker: Figures
    services: tuple[Service, ...]
    alerts: tuple[str, ...]
    limits: Mapping[str, Any] | None
    traffic: TrafficReport

    def to_json(self) -> dict[str, Any]:
        """The body of `GET /api/v1/status`."""
        return {
            "source": self.source,
            "window_s": self.window_s,
            "charts": [
                {"name": each.name, "unit": each.unit, "now": each.now, "values": list(each.values)}
                for each in self.charts
            ],
            "requests_in_flight": self.in_flight,
            "accounts": dict(self.outcomes),
            "hops": [
                {"hop": each.name, "calls": each.calls, "failed": each.failed, "p50_s": each.p50_s, "p99_s": each.p99_s}
                for each in self.hops
            ],
            "fetcher": dict(self.fetcher),
            "worker": dict(self.worker),
            "services": [{"name": each.name, "up": each.up, "note": each.note} for each in self.services],
            "alerts": list(self.alerts),
            "platforms": list((self.limits or {}).get("platforms", [])),
            "versions": self.traffic.versions(),
            "effect": self.traffic.effect,
        }


class Status:
    """Asks every part for what it says of itself; what does not answer is told as such."""

    def __init__(
        self,
        metrics: Metrics,
        fetcher: Fetcher,
        model: SplitModel,
        control: TrafficControl,
        get: Get,
        *,
        fetcher_metrics_url: str,
        worker_metrics_url: str,
        prometheus_url: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._fetcher = fetcher
        self._model = model
        self._control = control
        self._own = History(lambda: gateway_figures(metrics), clock)
        self._fetchers = History(_reader(get, fetcher_metrics_url, fetcher_figures), clock)
        self._workers = History(_reader(get, worker_metrics_url, worker_figures), clock)
        self._prometheus = Prometheus(prometheus_url, get, clock=clock) if prometheus_url else None

    def take_note(self) -> None:
        """To be called after every request; costs something every few seconds only."""
        self._own.take_note()

    def report(self, request_id: str) -> StatusReport:
        """What holds now; takes some seconds at most."""
        for history in (self._own, self._fetchers, self._workers):
            history.take_note()
        told = self._prometheus.told() if self._prometheus else Told()
        try:
            limits, trouble = self._fetcher.limits(request_id), None
        except FetcherUnreachableError as error:
            limits, trouble = None, str(error)
        traffic = report(self._model, self._control, request_id)
        return StatusReport(
            source="prometheus" if told.reachable else "gateway",
            window_s=WINDOW_S if told.reachable else KEPT_S,
            charts=self._charts(told),
            in_flight=self._metrics.requests_in_flight,
            outcomes=_outcomes(self._own),
            hops=tuple(_hop(self._own, name) for name in ("fetcher", "model")),
            fetcher=_fetcher(self._fetchers),
            worker=self._workers.now() if self._workers.reachable else {},
            services=self._services(trouble, traffic, told),
            alerts=told.alerts,
            limits=limits,
            traffic=traffic,
        )

    def _charts(self, told: Told) -> tuple[Chart, ...]:
        own = self._own
        requests, errors = own.rates("requests"), own.rates("errors")
        grown = own.grown("requests")
        shares = tuple(wrong / every if every else None for every, wrong in zip(requests, errors, strict=True))
        charts = (
            Chart("requests", "1/s", own.rate("requests"), tuple(requests)),
            Chart("errors", "share", own.grown("errors") / grown if grown else None, shares),
            Chart("accounts", "1/s", own.rate("accounts"), tuple(own.rates("accounts"))),
            Chart("p50", "s", own.quantile("account", 0.5), tuple(own.quantiles("account", 0.5))),
            Chart("p99", "s", own.quantile("account", 0.99), tuple(own.quantiles("account", 0.99))),
            Chart("upstream", "1/s", self._fetchers.rate("upstream"), tuple(self._fetchers.rates("upstream"))),
        )
        return tuple(_of_all(chart, told) for chart in charts)

    def _services(self, trouble: str | None, traffic: TrafficReport, told: Told) -> tuple[Service, ...]:
        stable = traffic.stable
        services = [
            Service("Fetcher", trouble is None, trouble or "It answers."),
            Service(
                "Model server",
                stable is not None,
                f"Version {stable.number} is stable." if stable else traffic.stable_note or "No version answers.",
            ),
            _watched("Fetcher's metrics", self._fetchers),
            _watched("Worker", self._workers),
        ]
        if self._prometheus:
            note = "It is asked for the last hour." if told.reachable else "It does not answer; this process tells."
            services.append(Service("Prometheus", told.reachable, note))
        return tuple(services)


def _reader(get: Get, url: str, figures: Callable[[str], Figures]) -> Callable[[], Figures | None]:
    def read() -> Figures | None:
        body = get(url)
        try:
            return None if body is None else figures(body.decode())
        except ValueError:
            return None

    return read


def _of_all(chart: Chart, told: Told) -> Chart:
    """The chart as Prometheus knows it of all replicas, else as it is."""
    values = told.series.get(chart.name)
    if values is None:
        return chart
    return Chart(chart.name, chart.unit, next((each for each in reversed(values) if each is not None), None), values)


def _outcomes(own: History) -> dict[str, int]:
    names = [key.removeprefix("outcome:") for key in own.now() if key.startswith("outcome:")]
    counts = {name: round(own.now()[f"outcome:{name}"]) for name in names}
    return dict(sorted(((name, count) for name, count in counts.items() if count), key=lambda each: -each[1]))


def _hop(own: History, name: str) -> Hop:
    calls, failed = round(own.grown(f"calls:{name}")), round(own.grown(f"failed:{name}"))
    return Hop(name, calls, failed, own.quantile(f"hop:{name}", 0.5), own.quantile(f"hop:{name}", 0.99))


def _fetcher(fetchers: History) -> dict[str, float | None]:
    """All of it since the fetcher's start: it is only read while somebody looks, so that there is no common window."""
    now = fetchers.now()
    looked = now.get("cache hit", 0.0) + now.get("cache miss", 0.0)
    return {
        "platform_requests": now.get("upstream"),
        "platform_requests_not_served": now.get("upstream failed"),
        "refused_as_too_long": now.get("refused"),
        "cache_hit_share": now.get("cache hit", 0.0) / looked if looked else None,
        "platform_p50_s": quantile(now, {}, "upstream", 0.5),
        "platform_p99_s": quantile(now, {}, "upstream", 0.99),
    }


def _watched(name: str, history: History) -> Service:
    return Service(name, history.reachable, "It answers." if history.reachable else "It does not answer.")
