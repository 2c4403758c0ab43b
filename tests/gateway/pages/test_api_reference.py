from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.pages.api_reference import kind_of


def test_every_operation_and_every_body_stands_on_the_page(client: FlaskClient) -> None:
    document: dict[str, Any] = client.get("/openapi.json").get_json()
    page = client.get("/api").text
    for path, item in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in item.values():
            assert f'id="operation-{operation["operationId"]}"' in page
    assert 'id="schema-ClassifyAnswer"' in page
    assert '<a href="#schema-Contribution">Contribution</a>' in page


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Problem"}, "Problem"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or null"),
        ({"enum": ["x", "instagram"], "type": "string"}, '"x" or "instagram"'),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"type": "string", "format": "date-time"}, "time"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_told_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    assert kind_of(schema) == words
