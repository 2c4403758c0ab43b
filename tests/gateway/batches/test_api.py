from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.queue import WorkQueue
from gateway.batches.runner import Runner
from gateway.batches.store import BatchStore
from gateway.config import Config
from gateway.errors import FetcherUnreachableError
from gateway.metrics import Metrics
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel

BATCHES = "/api/v1/batches"


@pytest.fixture
def queue() -> WorkQueue:
    return WorkQueue("sqlite://")


@pytest.fixture
def client(engine: sa.Engine, fetcher: FakeFetcher, model: FakeModel, queue: WorkQueue) -> FlaskClient:
    return create_app(
        Config(),
        fetcher=fetcher,
        model=model,
        demo=FakeDemo(),
        now=lambda: NOW,
        engine=engine,
        versions=FakeVersions(),
        queue=queue,
    ).test_client()


@pytest.fixture
def work(engine: sa.Engine, fetcher: FakeFetcher) -> Callable[[], int]:
    """Do all that can be done now, as the worker does; gives how many chunks it was."""
    import time

    registry = CollectorRegistry()
    claims = Claims(BatchStore(engine, time.time), lease_s=60)
    runner = Runner(claims, fetcher, FakeVersions(), Metrics(registry), BatchMetrics(registry))
    return lambda: len(list(iter(runner.step, False)))


def create(client: FlaskClient, accounts: list[Any], **settings: Any) -> dict[str, Any]:
    answer = client.post(BATCHES, json={"accounts": accounts, "platform": "x", **settings})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    return body


def change(client: FlaskClient, batch: dict[str, Any], action: str, **query: Any) -> Any:
    return client.post(f"{BATCHES}/{batch['id']}/{action}", query_string=query)


def test_a_list_is_planned_confirmed_worked_through_and_downloaded(
    client: FlaskClient, work: Callable[[], int], queue: WorkQueue
) -> None:
    batch = create(client, ["@maple", "https://instagram.com/oak", "@maple", "no such"], name="Trees")
    assert (batch["state"], batch["rows"], batch["duplicates"], batch["bad_lines"]) == ("planned", 2, 1, 1)
    assert [(line["line"], line["kind"]) for line in batch["refused"]] == [(3, "duplicate"), (4, "bad")]
    assert batch["plan"]["requests"] == 2
    assert batch["plan"]["usd"] == pytest.approx(0.02)
    assert work() == 0
    confirmed = change(client, batch, "confirm").json
    assert (confirmed["state"], confirmed["model_version"]) == ("running", 7)
    assert queue.length() > 0
    assert work() == 2
    done = client.get(f"{BATCHES}/{batch['id']}").json
    assert done["state"] == "finished"
    assert done["progress"]["outcomes"] == {"ok": 2}
    assert done["progress"]["labels"] == {"regular": 2}
    answer = client.get(f"{BATCHES}/{batch['id']}/results.csv?columns=handle")
    assert answer.mimetype == "text/csv"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["line"], row["platform"], row["handle"], row["label"]) for row in table] == [
        ("1", "x", "maple", "regular"),
        ("2", "instagram", "oak", "regular"),
    ]
    assert "no basis for adverse action" in table[0]["notice"]
    lines = client.get(f"{BATCHES}/{batch['id']}/results.jsonl").text.splitlines()
    assert [json.loads(line)["regular"] for line in lines] == [pytest.approx(0.86)] * 2


@pytest.mark.parametrize(
    ("mimetype", "body"),
    [
        ("text/csv", b"handle,platform\nmaple,x\noak,instagram\n"),
        ("text/plain", b"https://x.com/maple\r\nhttps://instagram.com/oak\r\n"),
        ("application/jsonl", b'"https://x.com/maple"\n{"handle": "oak", "platform": "instagram"}'),
        ("application/x-ndjson", b'{"url": "https://x.com/maple"}\n{"handle": "oak", "platform": "instagram"}'),
        ("application/json", b'["https://x.com/maple", "https://instagram.com/oak"]'),
    ],
)
def test_every_format_makes_the_same_batch(client: FlaskClient, mimetype: str, body: bytes) -> None:
    answer = client.post(BATCHES, data=body, content_type=mimetype)
    assert answer.status_code == 201, answer.text
    assert answer.json["rows"] == 2
    rows = client.get(f"{BATCHES}/{answer.json['id']}/rows").json["rows"]
    assert [(row["platform"], row["handle"]) for row in rows] == [("x", "maple"), ("instagram", "oak")]


@pytest.mark.parametrize(
    ("body", "status", "type_"),
    [
        ("[", 400, "/problems/malformed"),
        ('{"accounts": 1}', 422, "/problems/unreadable-list"),
        ('{"accounts": [], "colour": 1}', 422, "/problems/unreadable-list"),
        ('{"accounts": ["@a"], "platform": "mars"}', 422, "/problems/unreadable-list"),
        ('{"accounts": ["@a"], "explain": 7}', 422, "/problems/unreadable-list"),
        ('{"accounts": ["@a"], "name": 7}', 422, "/problems/unreadable-list"),
        ("[]", 422, "/problems/unreadable-list"),
        ('["nonsense!"]', 422, "/problems/unreadable-list"),
        ("1", 422, "/problems/unreadable-list"),
    ],
)
def test_a_list_without_sense_gets_a_sentence(client: FlaskClient, body: str, status: int, type_: str) -> None:
    answer = client.post(BATCHES, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["type"]) == (status, type_)
    assert answer.json["detail"].endswith(".")


def test_another_media_type_is_refused(client: FlaskClient) -> None:
    assert client.post(BATCHES, data=b"x", content_type="image/png").status_code == 415


def test_a_list_that_is_too_large_is_refused_with_its_bound(client: FlaskClient) -> None:
    answer = client.post(BATCHES, data=b"@maple\n" * 3_000_000, content_type="text/plain")
    assert answer.status_code == 413
    assert "16 MB" in answer.json["detail"]


def test_the_same_idempotency_key_gives_the_same_batch_and_another_body_is_refused(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = client.post(BATCHES, json=["https://x.com/maple"], headers=headers)
    again = client.post(BATCHES, json=["https://x.com/maple"], headers=headers)
    other = client.post(BATCHES, json=["https://x.com/oak"], headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert first.json["id"] == again.json["id"]
    assert other.json["type"] == "/problems/key-reused"
    assert len(client.get(BATCHES).json["batches"]) == 1


def test_a_fetcher_that_is_away_leaves_the_batch_without_a_plan_until_it_is_asked_again(
    client: FlaskClient, fetcher: FakeFetcher
) -> None:
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    batch = create(client, ["@maple"])
    assert batch["plan"] is None
    assert change(client, batch, "plan").status_code == 502
    fetcher.trouble = None
    assert change(client, batch, "plan").json["plan"]["requests"] == 1


def test_a_version_that_is_not_loaded_cannot_be_pinned(client: FlaskClient) -> None:
    batch = create(client, ["@maple"])
    answer = change(client, batch, "confirm", model_version=9)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/wrong-state")
    assert change(client, batch, "confirm", model_version=7).json["model_version"] == 7


@pytest.mark.parametrize("action", ["pause", "resume", "retry"])
def test_what_does_not_fit_the_state_is_a_conflict(client: FlaskClient, action: str) -> None:
    answer = change(client, create(client, ["@maple"]), action)
    assert answer.status_code == 409
    assert "this one is planned" in answer.json["detail"]


def test_a_paused_batch_is_resumed_and_a_cancelled_one_has_one_outcome_for_each_row(
    client: FlaskClient, work: Callable[[], int]
) -> None:
    batch = create(client, [f"@reg_{number}" for number in range(250)])
    change(client, batch, "confirm")
    assert change(client, batch, "pause").json["state"] == "paused"
    assert work() == 0
    assert change(client, batch, "resume").json["state"] == "running"
    cancelled = change(client, batch, "cancel").json
    assert cancelled["progress"]["outcomes"] == {"cancelled": 250}
    assert change(client, batch, "cancel").status_code == 409


def test_rows_are_filtered_sorted_and_paged(client: FlaskClient, work: Callable[[], int]) -> None:
    batch = create(client, [f"@reg_{number:03}" for number in range(120)])
    change(client, batch, "confirm")
    work()
    address = f"{BATCHES}/{batch['id']}/rows"
    answer = client.get(f"{address}?outcome=ok&label=regular&unsure=false&sort=handle&order=desc&page=2&size=50").json
    assert answer["total"] == 120
    assert [row["handle"] for row in answer["rows"]] == [f"reg_{number:03}" for number in range(69, 19, -1)]
    assert client.get(f"{address}?label=bot").json == {"total": 0, "rows": []}
    assert client.get(f"{address}?sort=colour").status_code == 422


def test_an_unknown_batch_is_not_found_and_a_planned_one_can_be_deleted(client: FlaskClient) -> None:
    batch = create(client, ["@maple"])
    assert client.delete(f"{BATCHES}/{batch['id']}").status_code == 204
    answer = client.get(f"{BATCHES}/{batch['id']}")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/no-such-thing")
    assert client.get(f"{BATCHES}/nonsense").status_code == 422


def test_an_unknown_column_is_named(client: FlaskClient) -> None:
    batch = create(client, ["@maple"])
    answer = client.get(f"{BATCHES}/{batch['id']}/results.csv?columns=colour")
    assert answer.status_code == 400
    assert "'colour'" in answer.json["detail"]
