"""`POST /api/v1/score`: every format, each record by itself, and bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.config import Config
from gateway.offline.api import MOST_BYTES, MOST_RECORDS
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel

SCORE = "/api/v1/score"
GOOD = {"platform": "x", "id": "42", "username": "reg_maple", "followers": 7}


@pytest.fixture
def versions() -> FakeVersions:
    return FakeVersions()


@pytest.fixture
def client(fetcher: FakeFetcher, model: FakeModel, versions: FakeVersions) -> FlaskClient:
    app = create_app(Config(), fetcher=fetcher, model=model, versions=versions, demo=FakeDemo(), now=lambda: NOW)
    return app.test_client()


def test_records_are_classified_without_asking_the_fetcher(client: FlaskClient, fetcher: FakeFetcher) -> None:
    answer = client.post(SCORE, json=[GOOD, {"username": "inf_lark", "full_name": "Lark", "edge_follow": {"count": 3}}])
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    first, second = body["results"]
    assert (first["line"], first["platform"], first["id"], first["label"]) == (1, "x", "42", "regular")
    assert first["probabilities"]["regular"] == pytest.approx(0.86)
    assert (second["platform"], second["unsure"]) == ("instagram", False)
    assert body["model"]["version"] == 7
    assert fetcher.asked == []


@pytest.mark.parametrize(
    ("mimetype", "content"),
    [
        ("application/jsonl", json.dumps(GOOD) + "\n\nnonsense\n"),
        ("application/x-ndjson", json.dumps(GOOD) + '\n\n{"platform": "x", "followers": -1}'),
        ("text/csv", "platform,id,followers\nx,42,7\n\nx,43,-1\n"),
    ],
)
def test_bad_lines_are_told_by_their_numbers(client: FlaskClient, mimetype: str, content: str) -> None:
    answer = client.post(SCORE, data=content, content_type=mimetype, headers={"Accept": "application/jsonl"})
    assert (answer.status_code, answer.mimetype) == (200, "application/jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["label"] == "regular"
    assert "error" in lines[-1]
    assert [line["line"] for line in lines if "error" in line][-1] == (4 if mimetype == "text/csv" else 3)


def test_a_record_of_nothing_is_not_judged(client: FlaskClient, versions: FakeVersions) -> None:
    body: Any = client.post(SCORE, json=[{"platform": "x"}, {"platform": "nowhere"}]).json
    assert body["results"][0]["error"] == "The record holds nothing that the model reads."
    assert body["results"][1]["error"].startswith("platform: expected one of")


@pytest.mark.parametrize(
    ("content", "mimetype", "status"),
    [
        (b"[", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"3", "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b"handle\na\n", "text/csv", 422),
        (b"\xff\xfe", "text/csv", 422),
        (b"", "application/jsonl", 422),
        (b"x", "text/plain", 415),
        (b" " * (MOST_BYTES + 1), "application/jsonl", 413),
        (b"{}\n" * (MOST_RECORDS + 1), "application/jsonl", 413),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    client: FlaskClient, content: bytes, mimetype: str, status: int
) -> None:
    answer = client.post(SCORE, data=content, content_type=mimetype)
    body: Any = answer.json
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert body["detail"].endswith(".")


def test_without_a_model_it_says_when_to_come_back(client: FlaskClient, versions: FakeVersions) -> None:
    versions.away = True
    answer = client.post(SCORE, json=[GOOD])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
