"""The OpenAPI document as a page to read, without scripts: what each operation takes and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from gateway.openapi_document import HEADERS, SHARED
from gateway.problems import KINDS

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that an operation answers with, the schema of its body where it has one, and headers of its own."""

    status: str
    description: str
    schema: str | None
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: str | None
    media_types: tuple[str, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A named body."""

    name: str
    description: str
    fields: tuple[Field, ...]


def create_reference(document: Mapping[str, Any]) -> Blueprint:
    """/api, of the finished OpenAPI `document`"""
    reference = Blueprint("reference", __name__)
    found, named = operations(document), schemas(document)

    @reference.get("/api")
    def show() -> str:
        """Every operation and every body."""
        return render_template(
            "api.html",
            operations=found,
            schemas=named,
            problem_kinds=KINDS,
            info=document.get("info", {}),
            headers=HEADERS,
        )

    return reference


def operations(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Every operation, in the document's order."""
    return tuple(
        _operation(path, method, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    )


def schemas(document: Mapping[str, Any]) -> tuple[Schema, ...]:
    """Every named body that has fields, by name."""
    found = document.get("components", {}).get("schemas", {})
    return tuple(
        Schema(name, str(schema.get("description", "")), fields_of(schema))
        for name, schema in sorted(found.items())
        if "properties" in schema
    )


def fields_of(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of an object."""
    required = schema.get("required", [])
    return tuple(
        Field(name, kind_of(each), name in required, str(each.get("description", "")))
        for name, each in schema.get("properties", {}).items()
    )


_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "date-time": "time"}


def kind_of(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, such as `list of Contribution` or `text or null`."""
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kind = str(schema.get("format") or schema.get("type") or "anything")
    if "$ref" in schema:
        told = str(schema["$ref"]).rsplit("/", 1)[-1]
    elif values or choices:
        told = " or ".join(dict.fromkeys([*(f'"{each}"' for each in values), *map(kind_of, choices or [])]))
    elif kind == "array":
        told = f"list of {kind_of(schema.get('items', {}))}"
    elif isinstance(schema.get("additionalProperties"), Mapping):
        told = f"object of {kind_of(schema['additionalProperties'])}"
    else:
        told = _WORDS.get(kind, kind)
    return told


def _operation(path: str, method: str, given: Mapping[str, Any]) -> Operation:
    content = given.get("requestBody", {}).get("content", {})
    bodies = [kind_of(each["schema"]) for each in content.values() if "schema" in each]
    return Operation(
        id=str(given.get("operationId", f"{method}-{path}")),
        method=method.upper(),
        path=path,
        summary=str(given.get("summary", "")),
        description=str(given.get("description", "")),
        parameters=tuple(
            Field(
                each["name"],
                f"{kind_of(each.get('schema', {}))}, in the {each['in']}",
                bool(each.get("required")),
                str(each.get("description") or each.get("schema", {}).get("description", "")),
            )
            for each in given.get("parameters", [])
        ),
        body=bodies[0] if bodies else None,
        media_types=tuple(content),
        answers=tuple(_answer(str(status), each) for status, each in given.get("responses", {}).items()),
    )


def _answer(status: str, given: Mapping[str, Any]) -> Answer:
    kinds = [kind_of(each["schema"]) for each in given.get("content", {}).values() if "schema" in each]
    headers = tuple(name for name in given.get("headers", {}) if name not in SHARED)
    return Answer(status, str(given.get("description", "")), kinds[0] if kinds else None, headers)
