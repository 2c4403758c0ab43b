from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from fetcher.metrics import Metrics as FetcherMetrics
from gateway.metrics import Metrics
from gateway.status.figures import fetcher_figures, gateway_figures, quantile, worker_figures


def test_what_people_ask_is_counted_and_probes_are_not(metrics: Metrics) -> None:
    metrics.requests.labels("/api/v1/classify", "POST", "200").inc(8)
    metrics.requests.labels("/api/v1/classify", "POST", "503").inc(2)
    metrics.requests.labels("/livez", "GET", "200").inc(100)
    figures = gateway_figures(metrics)
    assert (figures["requests"], figures["errors"]) == (10, 2)


def test_accounts_are_counted_by_outcome(metrics: Metrics) -> None:
    with metrics.asked("x") as asked:
        asked.outcome, asked.cached = "ok", True
    with metrics.asked("x") as asked:
        asked.outcome = "not-found"
    figures = gateway_figures(metrics)
    assert (figures["accounts"], figures["cached"]) == (2, 1)
    assert (figures["outcome:ok"], figures["outcome:not-found"]) == (1, 1)


def test_a_label_that_names_nothing_is_no_failed_call(metrics: Metrics) -> None:
    for operation, outcome in (("describe", "invalid-argument"), ("explain", "ok"), ("explain", "unavailable")):
        with metrics.hop("model", operation) as hop:
            hop.outcome = outcome
    figures = gateway_figures(metrics)
    assert (figures["calls:model"], figures["failed:model"]) == (2, 1)


def test_the_fetchers_own_exposition_is_read() -> None:
    from prometheus_client import generate_latest

    registry = CollectorRegistry()
    metrics = FetcherMetrics(registry)
    metrics.upstream("x", "users/by", "served", seconds=0.2, accounts=1)
    metrics.upstream("x", "users/by", "rate-limited", seconds=0.2, accounts=1)
    metrics.cache("x", "hit", 3)
    figures = fetcher_figures(generate_latest(registry).decode())
    assert (figures["upstream"], figures["upstream failed"], figures["cache hit"]) == (2, 1, 3)


def test_the_workers_gauges_are_read_by_state() -> None:
    text = 'rollcall_batches{state="running"} 2\nrollcall_batch_queue_messages 5\nother_metric 1\n'
    assert worker_figures(text) == {"batches running": 2, "queue": 5}


def test_what_is_no_exposition_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"."):
        fetcher_figures("<html>not found</html>")


def test_a_quantile_lies_inside_its_bucket() -> None:
    later = {"t|0.1": 50.0, "t|1.0": 100.0, "t|+Inf": 100.0}
    assert quantile(later, {}, "t", 0.5) == pytest.approx(0.1)
    assert quantile(later, {}, "t", 0.75) == pytest.approx(0.55)
    assert quantile(later, {"t|0.1": 50.0, "t|1.0": 50.0, "t|+Inf": 50.0}, "t", 0.5) == pytest.approx(0.55)


def test_above_the_last_bound_the_bound_is_told_and_nothing_has_no_quantile() -> None:
    assert quantile({"t|1.0": 0.0, "t|+Inf": 4.0}, {}, "t", 0.5) == 1.0
    assert quantile({"t|1.0": 3.0, "t|+Inf": 3.0}, {"t|1.0": 3.0, "t|+Inf": 3.0}, "t", 0.5) is None
    assert quantile({}, {}, "t", 0.5) is None
