"""Samples of metrics, reduced to the few cumulative figures that the status page follows over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from gateway.metrics import Metrics

Figures = Mapping[str, float]
"""Name -> a number that only grows while its process lives. `name|le` is a bucket of the histogram `name`."""

_QUIET_ROUTES = frozenset({"/static/<path:filename>", "/livez", "/readyz", "/status", "/api/v1/status"})
"""What machines ask all the time says nothing of how much people ask."""


def gateway_figures(metrics: Metrics) -> Figures:
    """Those of this process."""
    families = (metrics.requests, metrics.request_seconds, metrics.account_seconds, metrics.hop_seconds)
    return gateway_figures_of(sample for each in families for family in each.collect() for sample in family.samples)


def gateway_figures_of(samples: Iterable[Sample]) -> Figures:
    """Requests, server errors, accounts by outcome, and the histograms of requests, accounts and hops."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, labels, value, *_ in samples:
        if labels.get("route") in _QUIET_ROUTES:
            continue
        if name == "rollcall_gateway_requests_total":
            found["requests"] += value
            found["errors"] += value if labels["status"] in {"500", "502", "503", "504"} else 0
        elif name == "rollcall_gateway_account_seconds_count":
            found["accounts"] += value
            found["cached"] += value if labels["cached"] == "true" else 0
            found[f"outcome:{labels['outcome']}"] += value
        elif labels.get("operation") == "describe":
            # That a label names nothing is no failed call.
            continue
        elif name == "rollcall_gateway_hop_seconds_count":
            found[f"calls:{labels['hop']}"] += value
            found[f"failed:{labels['hop']}"] += value if labels["outcome"] not in {"ok", "200"} else 0
        elif name.endswith("_seconds_bucket"):
            family = name.removeprefix("rollcall_gateway_").removesuffix("_seconds_bucket")
            key = f"hop:{labels['hop']}" if family == "hop" else family
            found[f"{key}|{labels['le']}"] += value
    return found


def fetcher_figures(text: str) -> Figures:
    """Those of a fetcher's exposition: requests to platforms, refusals, lookups in the cache. Raises ValueError."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, labels, value, *_ in _samples_of(text):
        if name == "rollcall_fetcher_upstream_requests_total":
            found["upstream"] += value
            found[f"upstream:{labels['platform']}"] += value
            found["upstream failed"] += value if labels["outcome"] != "served" else 0
        elif name == "rollcall_fetcher_limiter_refused_total":
            found["refused"] += value
        elif name == "rollcall_fetcher_cache_total":
            found[f"cache {labels['result']}"] += value
        elif name == "rollcall_fetcher_upstream_seconds_bucket":
            found[f"upstream|{labels['le']}"] += value
    return found


def worker_figures(text: str) -> Figures:
    """Those of a worker's exposition: what waits, and what got done. Raises ValueError."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, labels, value, *_ in _samples_of(text):
        if name == "rollcall_batches":
            found[f"batches {labels['state']}"] += value
        elif name in _WORKER:
            found[_WORKER[name]] += value
    return found


_WORKER = {
    "rollcall_batch_ready_chunks": "ready chunks",
    "rollcall_batch_queue_messages": "queue",
    "rollcall_batch_eta_seconds": "eta",
    "rollcall_batch_rows_done_total": "rows",
}


def _samples_of(text: str) -> Iterable[Sample]:
    return (sample for family in text_string_to_metric_families(text) for sample in family.samples)


def quantile(later: Figures, earlier: Figures, name: str, q: float) -> float | None:
    """The `q` quantile (0 to 1) of the histogram `name` between two moments, by linear interpolation in its bucket.

    None where nothing was counted. What lies above the last bound counts as that bound.
    """
    prefix = f"{name}|"
    bounds = sorted((float(key.removeprefix(prefix)), key) for key in later if key.startswith(prefix))
    counts = [(bound, later[key] - earlier.get(key, 0.0)) for bound, key in bounds]
    if not counts or counts[-1][1] <= 0:
        return None
    wanted = q * counts[-1][1]
    low, below = 0.0, 0.0
    for bound, count in counts:
        if count >= wanted:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (wanted - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low
