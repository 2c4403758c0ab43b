"""orjson writes what Flask's own provider would have written, and leaves to that what it cannot write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from gateway.json_provider import FastJSON

VALUES = [
    {"b": 1, "a": [None, True, 0.1]},
    "\u00e9\U0001f33f",
    {"big": 2**70},
    datetime(2026, 1, 31, tzinfo=UTC),
    {1: 2},
]


@pytest.mark.parametrize("value", [*VALUES, "\ud800"])
def test_both_write_the_same(value: Any) -> None:
    app = Flask("test")
    assert json.loads(FastJSON(app).dumps(value)) == json.loads(app.json.dumps(value))


def test_an_answer_keeps_the_order_of_its_fields() -> None:
    app = Flask("test")
    app.json = FastJSON(app)
    with app.test_request_context():
        response = app.json.response({"b": 1, "a": 2})
    assert (response.get_data(), response.mimetype) == (b'{"b":1,"a":2}\n', "application/json")
