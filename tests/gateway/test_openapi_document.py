from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

FOR_ALL = {"401", "403", "429"}
PARTS_OF_A_BATCH = [
    *"plan confirm pause resume cancel retry lines rows results.csv results.jsonl prevalence".split(),
    *"sample sample/{place} comparison/{other_id}".split(),
]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json
    return body


def test_it_is_openapi_3_1_of_every_api_route(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/api/v1/accounts/{platform}/{account}",
        "/api/v1/accounts/{platform}/{account}/results",
        "/api/v1/classify",
        "/api/v1/corrections",
        "/api/v1/corrections.jsonl",
        "/api/v1/corrections/{correction_id}",
        "/api/v1/limits",
        "/api/v1/model",
        "/api/v1/model/traffic",
        "/api/v1/score",
        "/api/v1/status",
        "/api/v1/results",
        "/api/v1/results/{result_id}",
        "/api/v1/batches",
        "/api/v1/batches/{batch_id}",
        *(f"/api/v1/batches/{{batch_id}}/{part}" for part in PARTS_OF_A_BATCH),
        "/api/v1/tickets/{ticket}",
    }


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [each for inner in node.values() for each in references(inner)]
        return [each for inner in node for each in references(inner)] if isinstance(node, list) else []

    found = references(document)
    assert {"#/components/schemas/Problem", "#/components/headers/X-Request-ID"} <= set(found)
    parts = {f"#/components/{kind}/{name}" for kind, part in document["components"].items() for name in part}
    assert set(found) <= parts


def test_no_component_is_null(document: dict[str, Any]) -> None:
    assert all(isinstance(part, dict) for part in document["components"].values())


def test_classify_documents_every_status(document: dict[str, Any]) -> None:
    responses = document["paths"]["/api/v1/classify"]["post"]["responses"]
    assert set(responses) == {"200", "400", "404", "408", "410", "413", "415", "422", "502", "503"} | FOR_ALL
    assert "application/problem+json" in responses["404"]["content"]
    assert "Retry-After" in responses["503"]["headers"]


def test_a_route_without_input_has_no_422(document: dict[str, Any]) -> None:
    assert set(document["paths"]["/api/v1/limits"]["get"]["responses"]) == {"200", "502"} | FOR_ALL
