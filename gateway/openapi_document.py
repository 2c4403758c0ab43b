"""What the OpenAPI document says beyond what is generated from the code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

DESCRIPTION = (
    "Says what accounts on X and Instagram look like: regular, bot, influencer or fake. "
    "The answer is a probability, not a finding, and no basis for adverse action."
)

_FOR_ALL = (401, 403, 429)
"""What every operation may answer: the key, the page that asks, or the key's own limit."""
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}


def problem_responses(*statuses: int) -> dict[str | int, Any]:
    """How an operation answers with problem details."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": content,
            **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
        }
        for status in statuses
    }


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """Drop what flask-openapi3 writes too much: parts that are null, and a 422 of operations that read no input.

    Add what holds for every operation: the key, where one is asked for, the refusals, that a wrong field is answered
    with problem details, and that a body must be there where one is read.
    """
    document["components"] = {name: part for name, part in document["components"].items() if part is not None}
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}, {}]
    shared = {str(status): response for status, response in problem_responses(*_FOR_ALL).items()}
    wrong_field = problem_responses(422)[422]
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = shared | operation["responses"]
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"]["422"] = wrong_field
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if "requestBody" not in operation and not operation.get("parameters"):
                operation["responses"].pop("422", None)
    return document
