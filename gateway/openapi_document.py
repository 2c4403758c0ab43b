"""What the OpenAPI document says beyond what is generated from the code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from contracts.fetch_api import REQUEST_ID_HEADER

DESCRIPTION = (
    "Says what accounts on X and Instagram look like: regular, bot, influencer or fake. "
    "The answer is a probability, not a finding, and no basis for adverse action."
)

_FOR_ALL = (401, 403, 429)
"""What every operation may answer: the key, the page that asks, or the key's own limit."""
_COUNT = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
    REQUEST_ID_HEADER: {
        "description": "Names the request in the logs of every hop; yours, where you sent a plain one.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RateLimit-Limit": {"description": "Requests that the key may send in a minute.", "schema": _COUNT},
    "RateLimit-Remaining": {"description": "How many of them are left.", "schema": _COUNT},
    "RateLimit-Reset": {"description": "Seconds until all of them are there again.", "schema": _COUNT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "Location": {
        "description": "The address of what was made.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How a key is sent.", "schema": {"type": "string"}},
}
"""What answers bear beside what every answer of HTTP does."""
SHARED = (REQUEST_ID_HEADER, "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""Of every answer; those of the limit where keys are asked for, and the key is known."""


_OF_MODELS: dict[tuple[str, str], tuple[str, ...]] = {
    ("create_batch", "200"): ("Location",),
    ("create_batch", "201"): ("Location",),
    ("create_batch", "409"): ("Retry-After",),
}
"""Of single answers: operation, status -> names. A body that is a model leaves no place beside it for them."""


def bears(*names: str) -> dict[str, Any]:
    """The headers of that name, as a response of the document lists them."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def problem_responses(*statuses: int) -> dict[str | int, Any]:
    """How an operation answers with problem details."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": content,
            **({"headers": bears("Retry-After")} if status in {429, 503} else {}),
        }
        for status in statuses
    }


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """Drop what flask-openapi3 writes too much: parts that are null, and a 422 of operations that read no input.

    Add what holds for every operation: the key, where one is asked for, the refusals, the headers, that a wrong field
    is answered with problem details, and that a body must be there, and in time, where one is read.
    """
    document["components"] = {name: part for name, part in document["components"].items() if part is not None}
    document["components"]["headers"] = HEADERS
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}, {}]
    wrong_field = problem_responses(422)[422]
    for path in document["paths"].values():
        for operation in path.values():
            shared = {str(status): response for status, response in problem_responses(*_FOR_ALL).items()}
            operation["responses"] = shared | operation["responses"]
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"]["422"] = wrong_field
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
                operation["responses"]["408"] = problem_responses(408)[408]
            if "requestBody" not in operation and not operation.get("parameters"):
                operation["responses"].pop("422", None)
            for status, response in operation["responses"].items():
                own = _OF_MODELS.get(
                    (operation["operationId"], status), ("WWW-Authenticate",) if status == "401" else ()
                )
                response["headers"] = bears(*SHARED, *own) | response.get("headers", {})
    return document
