from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.access.key_file import save_keys
from tests.gateway.fakes import found
from tests.gateway.guarded import KEYS, Guarded, bearer

BODY = {"profile": "https://x.com/reg_maple"}


def test_a_key_whose_dollars_are_spent_gets_429_of_its_own_type_and_others_go_on(guarded: Guarded) -> None:
    save_keys(guarded.path, [replace(KEYS[0], usd_per_day=0.02), *KEYS[1:]])
    guarded.fetcher.answer = lambda ref: replace(found(ref), cost_usd=0.01)
    client = guarded.client()
    answers = [client.post("/api/v1/classify", json=BODY, headers=bearer("ada")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json["type"] == "/problems/allowance-spent"
    assert 12 * 3600 - 2 <= int(answers[2].headers["Retry-After"]) <= 12 * 3600
    assert answers[2].json["retry_at"] == "2026-02-01T00:00:00Z"
    assert len([request for request in guarded.fetcher.asked if not request.cached_only]) == 2
    assert client.post("/api/v1/classify", json=BODY, headers=bearer("bert")).status_code == 200
    page = client.get("/?profile=https://x.com/reg_maple", headers=bearer("ada"))
    assert page.status_code == 429
    assert "Allowance spent" in page.text


def test_the_log_calls_it_no_fault(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    save_keys(guarded.path, [replace(KEYS[0], usd_per_day=0.0), *KEYS[1:]])
    with caplog.at_level(logging.INFO, "gateway.access"):
        guarded.client().post("/api/v1/classify", json=BODY, headers=bearer("ada"))
    assert [vars(record)["fields"]["outcome"] for record in caplog.records] == ["allowance-spent"]


def test_a_key_without_dollars_still_gets_what_the_fetcher_knows_and_is_charged_nothing(guarded: Guarded) -> None:
    save_keys(guarded.path, [replace(KEYS[0], usd_per_day=0.0), *KEYS[1:]])
    guarded.fetcher.answer = lambda ref: replace(found(ref), cost_usd=0.01)
    client, ada = guarded.client(), bearer("ada")
    assert client.post("/api/v1/classify", json=BODY, headers=ada).status_code == 429
    guarded.fetcher.cached.add(ProfileRef(Platform.X, handle="reg_maple"))
    answer = client.post("/api/v1/classify", json=BODY, headers=ada)
    assert answer.status_code == 200
    assert answer.json["provenance"]["cached"] is True
    other = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_oak"}, headers=ada)
    assert other.status_code == 429
    assert all(request.cached_only for request in guarded.fetcher.asked)


def test_a_batch_begins_only_within_the_dollars_of_its_key_and_goes_on_only_while_some_are_left(
    guarded: Guarded,
) -> None:
    save_keys(guarded.path, [replace(KEYS[0], usd_per_day=0.02), *KEYS[1:]])
    guarded.fetcher.answer = lambda ref: replace(found(ref), cost_usd=0.01)
    client, ada = guarded.client(), bearer("ada")

    def make(*names: str) -> str:
        answer = client.post("/api/v1/batches", json={"accounts": names, "platform": "x"}, headers=ada)
        return f"/api/v1/batches/{answer.json['id']}"

    refused = client.post(f"{make('@maple', '@oak', '@elm')}/confirm", headers=ada)
    assert refused.status_code == 409
    assert "planned to cost $0.03; your key may spend $0.02 until midnight UTC" in refused.json["detail"]

    batch = make("@maple", "@oak")
    assert client.post(f"{batch}/confirm", headers=ada).status_code == 200
    assert client.post(f"{batch}/pause", headers=ada).status_code == 200
    for _ in range(2):
        assert client.post("/api/v1/classify", json=BODY, headers=ada).status_code == 200
    refused = client.post(f"{batch}/resume", headers=ada)
    assert refused.status_code == 409
    assert refused.json["detail"] == "Your key has spent its dollars of today; go on after midnight UTC."
