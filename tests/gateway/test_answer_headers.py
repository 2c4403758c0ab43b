"""Whatever header an answer of the API bears, its document lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contracts.fetch_api import AccountResult, Outcome
from gateway.access.key_file import save_keys
from gateway.browser_rules import HEADERS
from tests.gateway.fakes import NOW, found
from tests.gateway.guarded import KEYS, Guarded, bearer

USUAL = {"Content-Type", "Content-Length", "Cache-Control", *HEADERS}
PROFILE = {"profile": "https://x.com/reg_maple"}
BATCH = {"accounts": ["@maple"], "platform": "x"}


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    path = tmp_path / "keys.toml"
    save_keys(path, [*KEYS[:1], replace(KEYS[1], per_minute=1), *KEYS[2:]])
    return Guarded(path)


@pytest.fixture
def client(guarded: Guarded) -> FlaskClient:
    return guarded.client()


def undocumented(client: FlaskClient, document: Mapping[str, Any], answer: TestResponse) -> set[str]:
    """The headers that the answer bears beside its document, and those that it lacks beside it."""
    rules = client.application.url_map.bind("localhost")
    rule, _ = rules.match(answer.request.path, answer.request.method, return_rule=True)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    responses = document["paths"][path][answer.request.method.lower()]["responses"]
    listed = responses[str(answer.status_code)].get("headers", {})
    required = {name for name in listed if document["components"]["headers"][name].get("required")}
    given = {name for name, _ in answer.headers}
    return (given - USUAL - set(listed)) | (required - given)


def test_every_header_of_an_answer_stands_in_the_document(guarded: Guarded, client: FlaskClient) -> None:
    ada, bert = bearer("ada"), bearer("bert")
    document = client.get("/openapi.json", headers=ada).json
    assert document is not None
    classify, batches = "/api/v1/classify", "/api/v1/batches"
    answers = [client.post(classify, json=PROFILE, headers=who) for who in (ada, bert, bert, {})]
    made = client.post(batches, json=BATCH, headers=ada | {"Idempotency-Key": "one"})
    answers += [made, client.post(batches, json=BATCH, headers=ada | {"Idempotency-Key": "one"})]
    address = made.headers["Location"]
    answers += [client.get(f"{address}{part}", headers=ada) for part in ("", "/results.csv", "/results.jsonl")]
    answers += [client.get(f"{batches}/{'0' * 32}", headers=ada), client.post(f"{address}/confirm", headers=ada)]
    answers += [client.get("/api/v1/limits", headers=ada), client.get("/api/v1/corrections.jsonl", headers=ada)]
    answers.append(client.get("/api/v1/corrections.jsonl", headers=bearer("olga")))
    answers.append(client.post(classify, json={}, headers=ada))
    guarded.fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=NOW)
    answers.append(client.post(classify, json=PROFILE, headers=ada))
    assert {200, 201, 401, 403, 404, 422, 429, 503} == {each.status_code for each in answers}
    wrong = {(each.request.path, each.status_code): undocumented(client, document, each) for each in answers}
    assert {key: names for key, names in wrong.items() if names} == {}


def test_nobody_is_told_to_wait_who_need_not_or_longer_than_the_platform_asks(
    guarded: Guarded, client: FlaskClient
) -> None:
    answer = client.post("/api/v1/classify", json=PROFILE, headers=bearer("bert"))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (200, None)
    until = NOW + timedelta(seconds=3)
    guarded.fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=until)
    assert client.post("/api/v1/classify", json=PROFILE, headers=bearer("ada")).headers["Retry-After"] == "3"


def test_the_documented_headers_are_really_sent(guarded: Guarded, client: FlaskClient) -> None:
    guarded.fetcher.answer = lambda ref: replace(found(ref), cost_usd=0.01)
    first, refused = (client.post("/api/v1/classify", json=PROFILE, headers=bearer("bert")) for _ in range(2))
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("1", "0")
    assert 0 <= int(first.headers["RateLimit-Reset"]) <= timedelta(minutes=1).total_seconds() + 1
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert client.post("/api/v1/classify", json=PROFILE).headers["WWW-Authenticate"].lower().startswith("bearer")
