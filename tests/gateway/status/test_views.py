from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.config import Config
from gateway.errors import FetcherUnreachableError
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel, MemoryTrafficStore

UPSTREAM = 'rollcall_fetcher_upstream_requests_total{platform="x",method="users/by",outcome="served"} 12'


def test_the_page_tells_rates_versions_and_limits(client: FlaskClient) -> None:
    client.get("/", query_string={"profile": "https://x.com/reg_maple"})
    page = client.get("/status").text
    for part in ("Requests", "99% are answered within", "288 of 300 left", "Version 7 is stable.", "Worker"):
        assert part in page


def test_the_api_tells_the_same(client: FlaskClient) -> None:
    client.get("/", query_string={"profile": "https://x.com/reg_maple"})
    client.get("/", query_string={"profile": "https://x.com/reg_oak"})
    body = client.get("/api/v1/status").get_json()
    assert body["source"] == "gateway"
    assert [each["name"] for each in body["charts"]] == ["requests", "errors", "accounts", "p50", "p99", "upstream"]
    assert body["versions"][0]["version"] == 7
    assert {each["name"]: each["up"] for each in body["services"]} == {
        "Fetcher": True,
        "Model server": True,
        "Fetcher's metrics": False,
        "Worker": False,
    }


def test_what_is_away_is_told_and_hides_nothing_else(
    client: FlaskClient, fetcher: FakeFetcher, model: FakeModel
) -> None:
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    model.available = False
    page = client.get("/status")
    assert page.status_code == 200
    assert "The fetcher cannot be reached." in page.text
    assert "The model server cannot be reached." in page.text


@pytest.fixture
def build() -> Callable[..., FlaskClient]:
    def build(get: Callable[[str], bytes | None], **settings: str) -> FlaskClient:
        return create_app(
            Config(**settings),  # type: ignore[arg-type]
            registry=CollectorRegistry(),
            fetcher=FakeFetcher(),
            model=FakeModel(),
            traffic=MemoryTrafficStore(),
            demo=FakeDemo(),
            get=get,
            now=lambda: NOW,
        ).test_client()

    return build


def test_the_fetchers_metrics_are_read_where_the_deployment_says(build: Callable[..., FlaskClient]) -> None:
    asked: list[str] = []

    def get(url: str) -> bytes | None:
        asked.append(url)
        return UPSTREAM.encode() if "fetcher" in url else None

    client = build(get, fetcher_metrics_url="http://fetcher:9101/metrics")
    body = client.get("/api/v1/status").get_json()
    assert body["fetcher"]["platform_requests"] == 12
    assert asked == ["http://fetcher:9101/metrics", "http://127.0.0.1:9102/metrics"]


def test_a_prometheus_that_is_away_leaves_the_own_figures(build: Callable[..., FlaskClient]) -> None:
    client = build(lambda url: None, prometheus_url="http://prometheus:9090")
    body = client.get("/api/v1/status").get_json()
    assert body["source"] == "gateway"
    assert body["services"][-1] == {
        "name": "Prometheus",
        "up": False,
        "note": "It does not answer; this process tells.",
    }


def test_what_counts_since_the_start_says_so(build: Callable[..., FlaskClient]) -> None:
    buckets = "\n".join(
        f'rollcall_fetcher_upstream_seconds_bucket{{platform="x",method="users/by",le="{bound}"}} {count}'
        for bound, count in (("0.1", 6), ("0.2", 12), ("+Inf", 12))
    )

    def get(url: str) -> bytes | None:
        return f"{UPSTREAM}\n{buckets}".encode() if "9101" in url else None

    client = build(get)
    body = client.get("/api/v1/status").get_json()
    assert body["fetcher"]["platform_requests"] == 12
    assert body["fetcher"]["platform_p50_s"] == pytest.approx(0.1)
    page = " ".join(client.get("/status").text.split())
    assert 'Fetcher to platforms <span class="muted">since its start</span></th><td>12</td>' in page
    assert "From this process in the last ten minutes." in page


def test_what_the_worker_counts_is_told_in_words(build: Callable[..., FlaskClient]) -> None:
    metrics = (
        'rollcall_batches{state="running"} 2\nrollcall_batch_eta_seconds 1206\nrollcall_batch_rows_done_total 7910'
    )
    page = build(lambda url: metrics.encode() if "9102" in url else None).get("/status").text
    for title, figure in (
        ("Batches running", "2"),
        ("Until all is done", "20.1 min"),
        ("Accounts done since the start of the worker", "7,910"),
    ):
        assert f'<th scope="row">{title}</th><td class="number">{figure}</td>' in page
