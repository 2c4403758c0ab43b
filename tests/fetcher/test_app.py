from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.app import create_app, request_id
from fetcher.config import Config, Platforms
from fetcher.errand import Errand
from fetcher.errors import StoreUnavailable
from fetcher.limiter.limits_file import read_limits
from fetcher.logs import JSONFormatter
from fetcher.sources.results import Found


class CountingSource:
    """Answers not-found and remembers what it was asked."""

    most = 100
    credential = "c"

    def __init__(self, platform: Platform = Platform.X) -> None:
        self.platform = platform
        self.asked: list[Sequence[ProfileRef]] = []
        self.broken: Exception | None = None

    def method(self, *, by_handle: bool) -> str:
        return "users_by_username" if by_handle else "users_by_id"

    def health(self) -> list[dict[str, Any]]:
        return []

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> Mapping[ProfileRef, Found]:
        self.asked.append(refs)
        if self.broken is not None:
            raise self.broken
        return {ref: Found(outcome=Outcome.NOT_FOUND, detail="None.") for ref in refs}


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def plain(tmp_path: Path) -> Config:
    return Config(platforms=Platforms.LIVE, state_dir=tmp_path, limits=read_limits())


@pytest.fixture
def client(plain: Config, clock: Any, source: CountingSource, registry: CollectorRegistry) -> FlaskClient:
    return create_app(plain, clock=clock, registry=registry, sources={Platform.X: source}).test_client()


def ask(client: FlaskClient, *handles: str, **fields: Any) -> list[dict[str, Any]]:
    body = {"accounts": [{"platform": "x", "handle": handle} for handle in handles], **fields}
    answer = client.post("/profiles", json=body)
    assert answer.status_code == 200
    results: list[dict[str, Any]] = answer.get_json()["results"]
    return results


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "accounts"),
        ({"accounts": [{"platform": "y", "handle": "a"}]}, "accounts[0].platform"),
        ({"accounts": [{"platform": "x", "handle": "UPPER"}]}, "accounts[0]"),
        ({"accounts": [{"platform": "x", "handle": "not a handle"}]}, "accounts[0]"),
        ({"accounts": [], "deadline_s": -1}, "deadline_s"),
        ({"accounts": [], "priority": "king"}, "priority"),
        ({"accounts": [], "include": ["secrets"]}, "include"),
        ({"accounts": [], "surprise": 1}, "surprise"),
        ([1, 2], "request"),
    ],
)
def test_a_bad_body_is_a_problem_that_names_the_field(client: FlaskClient, body: Any, field: str) -> None:
    answer = client.post("/profiles", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["field"] == field
    assert problem["type"] == "/problems/invalid-field"


def test_a_body_that_is_no_json_is_a_problem(client: FlaskClient) -> None:
    assert client.post("/profiles", data=b"{{", content_type="application/json").status_code == 422


def test_unknown_routes_and_methods_are_problems(client: FlaskClient) -> None:
    for answer, status in ((client.get("/nothing"), 404), (client.get("/profiles"), 405)):
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_results_keep_the_order_and_equal_accounts_are_asked_once(client: FlaskClient, source: CountingSource) -> None:
    results = ask(client, "b", "a", "b")
    assert [result["ref"]["handle"] for result in results] == ["b", "a", "b"]
    assert [len(refs) for refs in source.asked] == [2]


def test_a_lone_question_is_held_back_for_a_moment_only(client: FlaskClient, clock: Any) -> None:
    ask(client, "a")
    assert sum(clock.slept) <= 0.03


def test_a_full_request_is_not_held_back(client: FlaskClient, clock: Any) -> None:
    ask(client, *[f"a{number}" for number in range(100)])
    assert clock.slept == []


def test_a_source_that_breaks_spoils_no_later_request(client: FlaskClient, source: CountingSource) -> None:
    source.broken = StoreUnavailable("gone")
    assert ask(client, "a")[0]["outcome"] == "upstream-error"
    source.broken = None
    assert ask(client, "a")[0]["outcome"] == "not-found"


def test_a_platform_without_credential_says_so(tmp_path: Path, clock: Any) -> None:
    config = Config(platforms=Platforms.LIVE, state_dir=tmp_path, limits=read_limits())
    client = create_app(config, clock=clock).test_client()
    (result,) = ask(client, "a")
    assert result["outcome"] == "login-required"
    assert "X_BEARER_TOKEN" in result["detail"]
    assert result["emulated"] is False


def test_the_request_id_is_kept_or_made(client: FlaskClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    made = client.get("/livez", headers={"X-Request-ID": "bad id!"}).headers["X-Request-ID"]
    assert len(made) == 16


def test_limits_tell_every_window(client: FlaskClient) -> None:
    document = client.get("/limits").get_json()
    (platform,) = document["platforms"]
    assert document["emulated"] is False
    assert [window["name"] for window in platform["windows"]] == ["users/by", "users"]
    assert platform["windows"][0] | {"limit": 300, "used": 0, "remaining": 300} == platform["windows"][0]


def test_ready_follows_the_store(client: FlaskClient, tmp_path: Path) -> None:
    assert client.get("/readyz").status_code == 200
    for file in (tmp_path / "fetcher").glob("live-2.sqlite3*"):
        file.unlink()
    (tmp_path / "fetcher" / "live-2.sqlite3").mkdir()
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200
    assert client.get("/limits").status_code == 503


def test_no_metric_holds_a_handle(client: FlaskClient, registry: CollectorRegistry) -> None:
    ask(client, "invented_one")
    ask(client, "invented_one")
    client.get("/invented_one")
    labels = {value for family in registry.collect() for sample in family.samples for value in sample.labels.values()}
    assert not any("invented_one" in value for value in labels)
    counted = {"platform": "x", "outcome": "not-found"}
    assert registry.get_sample_value("rollcall_fetcher_accounts_total", {**counted, "cached": "false"}) == 1
    assert registry.get_sample_value("rollcall_fetcher_accounts_total", {**counted, "cached": "true"}) == 1
    assert (
        registry.get_sample_value("rollcall_fetcher_window_remaining", {"platform": "x", "window": "users/by"}) == 299
    )


def test_what_alerts_and_dashboards_read_is_there_from_the_first_scrape(
    client: FlaskClient, registry: CollectorRegistry
) -> None:
    method = {"platform": "x", "method": "users_by_username"}
    assert registry.get_sample_value("rollcall_fetcher_store_up") == 1
    assert registry.get_sample_value("rollcall_fetcher_checkpoints_total", method) == 0
    refused = {**method, "outcome": "rate-limited"}
    assert registry.get_sample_value("rollcall_fetcher_upstream_requests_total", refused) == 0
    ask(client, "invented_one")
    waits = {**method, "priority": "person"}
    assert registry.get_sample_value("rollcall_fetcher_limiter_wait_seconds_count", waits) == 1
    for priority in ("person", "batch"):
        line = {"platform": "x", "priority": priority}
        assert registry.get_sample_value("rollcall_fetcher_queue_accounts", line) == 0
        assert registry.get_sample_value("rollcall_fetcher_queue_tickets", line) == 0
    window = {"platform": "x", "window": "users/by"}
    assert registry.get_sample_value("rollcall_fetcher_window_pace_seconds", window) is not None
    day = {"platform": "x", "period": "day"}
    assert registry.get_sample_value("rollcall_fetcher_budget_spent_usd", day) == 0.01
    assert registry.get_sample_value("rollcall_fetcher_budget_limit_usd", day) == 5


def test_log_lines_are_json_without_handles(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(client, "invented_one")
    lines = [json.loads(JSONFormatter(request_id).format(record)) for record in caplog.records]
    assert any(line["message"] == "request" and line["route"] == "/profiles" for line in lines)
    assert "invented_one" not in json.dumps(lines)


def test_what_may_come_from_the_cache_only_is_asked_of_no_platform(client: FlaskClient, source: CountingSource) -> None:
    (unknown,) = ask(client, "maple", cached_only=True)
    assert (unknown["outcome"], unknown["cached"], unknown["ticket"]) == ("budget-spent", False, None)
    assert source.asked == []
    ask(client, "maple")
    known, other = ask(client, "maple", "oak", cached_only=True)
    assert (known["outcome"], known["cached"]) == ("not-found", True)
    assert other["outcome"] == "budget-spent"
    assert len(source.asked) == 1
