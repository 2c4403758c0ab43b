"""`/api/v1/model/traffic`, as an operator and `python -m serving canary` use it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.errors import DatabaseUnavailableError
from gateway.schemas import ModelReport, Problem
from gateway.traffic_schemas import TrafficReport
from tests.gateway.fakes import FakeModel, MemoryTrafficStore

URL = "/api/v1/model/traffic"


def put(client: FlaskClient, **change: Any) -> dict[str, Any]:
    answer = client.put(URL, json=change)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def test_at_first_stable_answers_everybody(client: FlaskClient) -> None:
    body = client.get(URL).json
    report = TrafficReport.model_validate(body)
    assert (report.canary_share, report.shadow, report.rolled_back) == (0, False, None)
    assert report.bounds.model_dump() == {
        "max_error_rate": 0.02,
        "max_latency_ratio": 2.0,
        "min_agreement": 0.8,
        "min_requests": 50,
    }
    assert (report.stable.version, report.canary.version) == (7, None)
    assert report.observed.canary.requests == 0


def test_without_a_canary_the_share_has_no_effect_and_that_is_said(client: FlaskClient) -> None:
    body = put(client, canary_share=0.25)
    assert body["canary_share"] == 0.25
    assert body["canary"]["note"] == "The model server has no version ready under the label canary."
    assert body["effect"].startswith("No canary can answer, so stable answers every account.")
    assert client.get("/api/v1/model").json["versions"] == [
        {"version": 7, "labels": ["stable"], "share": 1.0, "shadow": False}
    ]


def test_what_is_left_out_stays_as_it_is(client: FlaskClient, model: FakeModel, store: MemoryTrafficStore) -> None:
    put(client, canary_share=0.25, bounds={"min_requests": 20})
    body = put(client, shadow=True, bounds={"max_error_rate": 0.5})
    assert (body["canary_share"], body["shadow"]) == (0.25, True)
    assert (body["bounds"]["min_requests"], body["bounds"]["max_error_rate"]) == (20, 0.5)
    assert store.traffic.revision == 2


def test_a_put_without_anything_changes_nothing_but_is_fine(client: FlaskClient) -> None:
    assert put(client)["canary_share"] == 0


class TestWithACanary:
    """Version 8 carries the label canary."""

    @pytest.fixture
    def model(self) -> FakeModel:
        return FakeModel(canary=FakeModel(number=8, probabilities=(0.1, 0.8, 0.05, 0.05)))

    def test_the_canary_answers_its_share(self, client: FlaskClient) -> None:
        body = put(client, canary_share=1.0)
        assert body["effect"] == "The canary answers 100% of the accounts, stable the others."
        answer = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
        assert (answer.json["model"]["version"], answer.json["label"]) == (8, "bot")
        seen = client.get(URL).json["observed"]
        assert (seen["canary"]["requests"], seen["stable"]["requests"]) == (1, 0)

    def test_versions_labels_and_shares_are_told(self, client: FlaskClient) -> None:
        put(client, canary_share=0.1, shadow=True)
        report = ModelReport.model_validate(client.get("/api/v1/model").json)
        assert [(each.version, each.labels, each.share, each.shadow) for each in report.versions] == [
            (7, ["stable"], 0.9, False),
            (8, ["canary"], 0.1, True),
        ]
        page = client.get("/model").text
        assert "The canary answers 10% of the accounts, stable the others; both are asked and compared." in page
        assert '<td>canary</td><td class="withbar"><span>10%, and compared</span>' in page

    def test_a_rollback_is_told_until_a_new_share_is_set(
        self, client: FlaskClient, model: FakeModel, store: MemoryTrafficStore
    ) -> None:
        put(client, canary_share=1.0)
        assert model.canary is not None
        model.canary.failing = True
        answer = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
        assert (answer.status_code, answer.json["model"]["version"]) == (200, 7)
        for _ in range(2):
            client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
        body = client.get(URL).json
        assert body["canary_share"] == 0
        assert body["rolled_back"]["version"] == 8
        assert body["rolled_back"]["at"] == "2026-01-31T12:00:00Z"
        assert "requests to the canary failed" in body["rolled_back"]["reason"]
        assert body["observed"]["canary"]["errors"] == 2
        assert "Version 8 was rolled back" in client.get("/model").text
        assert put(client, shadow=True)["rolled_back"] is not None
        assert put(client, canary_share=0.1)["rolled_back"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"canary_share": 1.1},
        {"canary_share": -0.1},
        {"canary_share": "0.1"},
        {"canary_share": True},
        {"shadow": 1},
        {"shadow": "true"},
        {"share": 0.1},
        {"bounds": {"min_requests": 0}},
        {"bounds": {"min_requests": 2.5}},
        {"bounds": {"max_latency_ratio": 0.5}},
        {"bounds": {"min_agreement": 2}},
        {"bounds": {"more": 1}},
        {"bounds": []},
    ],
)
def test_a_wrong_body_is_422_and_changes_nothing(
    client: FlaskClient, store: MemoryTrafficStore, body: dict[str, Any]
) -> None:
    answer = client.put(URL, json=body)
    assert answer.status_code == 422
    assert Problem.model_validate(answer.json).errors
    assert store.traffic.revision == 0


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"canary_share": NaN}', "application/json", 422),
        (b'{"canary_share": Infinity}', "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_json_object_is_refused(client: FlaskClient, body: bytes, media_type: str, status: int) -> None:
    assert client.put(URL, data=body, content_type=media_type).status_code == status


def test_another_sites_page_changes_nothing(client: FlaskClient, store: MemoryTrafficStore) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert client.put(URL, json={"canary_share": 1.0}, headers=headers).status_code == 403
    assert store.traffic.revision == 0


def test_without_the_database_nothing_is_changed_and_people_are_answered(
    client: FlaskClient, store: MemoryTrafficStore
) -> None:
    store.trouble = DatabaseUnavailableError("The gateway's database does not answer.")
    refused = client.put(URL, json={"canary_share": 0.5})
    assert (refused.status_code, refused.json["type"]) == (503, "/problems/database-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get(URL).status_code == 200
    assert client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"}).status_code == 200
    assert client.get("/readyz").json == {"status": "not ready", "database": "The gateway's database does not answer."}


def test_without_a_model_the_traffic_can_still_be_read_and_changed(client: FlaskClient, model: FakeModel) -> None:
    model.available = False
    assert put(client, canary_share=0.0)["stable"] == {
        "version": None,
        "note": "The model server cannot be reached.",
    }
