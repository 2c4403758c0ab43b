"""The same figures from a Prometheus that watches every replica, over the last hour."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from urllib.parse import urlencode

from gateway.status.http_get import Get

WINDOW_S, STEP_S = 3600, 60
_KEEP_S = 5.0
_PATIENCE_S = 2.0
_PEOPLE = 'route!~"/static/.*|/livez|/readyz|/status|/api/v1/status"'

CHARTS: Mapping[str, str] = {
    "requests": f"sum(rate(rollcall_gateway_requests_total{{{_PEOPLE}}}[2m]))",
    "errors": f'sum(rate(rollcall_gateway_requests_total{{{_PEOPLE},status=~"50[0234]"}}[2m]))'
    f" / sum(rate(rollcall_gateway_requests_total{{{_PEOPLE}}}[2m]))",
    "accounts": "sum(rate(rollcall_gateway_account_seconds_count[2m]))",
    "p50": "histogram_quantile(0.5, sum by (le) (rate(rollcall_gateway_account_seconds_bucket[2m])))",
    "p99": "histogram_quantile(0.99, sum by (le) (rate(rollcall_gateway_account_seconds_bucket[2m])))",
    "upstream": "sum(rate(rollcall_fetcher_upstream_requests_total[2m]))",
}
ALERTS = 'ALERTS{alertstate="firing"}'


@dataclass(frozen=True, slots=True)
class Told:
    """What Prometheus said: a series for each of `CHARTS` that it knows, and the names of the firing alerts."""

    series: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()
    reachable: bool = False


class Prometheus:
    """The server at `url`; an answer is kept for some seconds, and all questions together are bounded."""

    def __init__(
        self,
        url: str,
        get: Get,
        *,
        time_of_day: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._get = get
        self._time = time_of_day
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Told()
        self._ask_again_at = float("-inf")

    def told(self) -> Told:
        """The latest answer; the last known one while another thread asks."""
        if self._clock() >= self._ask_again_at and self._lock.acquire(blocking=False):
            try:
                self._known = self._ask()
                self._ask_again_at = self._clock() + _KEEP_S
            finally:
                self._lock.release()
        return self._known

    def _ask(self) -> Told:
        until = self._clock() + _PATIENCE_S
        # Whole steps, so that a chart does not change shape from second to second.
        end = self._time() // STEP_S * STEP_S
        times = {"start": end - WINDOW_S, "end": end, "step": STEP_S}
        series = {}
        for name, query in CHARTS.items():
            answer = self._query("query_range", {"query": query, **times}) if self._clock() < until else None
            if answer is None:
                break
            for row in answer[:1]:
                values = {float(at): _number(value) for at, value in row["values"]}
                steps = range(int(times["start"]), int(end) + 1, STEP_S)
                series[name] = tuple(values.get(float(at)) for at in steps)
        else:
            firing = self._query("query", {"query": ALERTS}) or []
            names = sorted({str(row["metric"].get("alertname", "")) for row in firing})
            return Told(series, tuple(names), reachable=True)
        return Told(series, reachable=bool(series))

    def _query(self, path: str, fields: Mapping[str, object]) -> list[dict[str, Any]] | None:
        body = self._get(f"{self._url}/api/v1/{path}?{urlencode(fields)}")
        try:
            document = json.loads(body) if body else {}
            return list(document["data"]["result"]) if document.get("status") == "success" else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def _number(text: Any) -> float | None:
    value = float(str(text))
    return value if isfinite(value) else None
