"""The fetcher's routes; each translates between HTTP and a plain object that does the work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from contracts.fetch_api import FetchRequest
from contracts.json_fields import InvalidField, write_time
from fetcher.limits_report import LimitsReport
from fetcher.lookup import Lookup
from fetcher.problems import problem


def create_api(lookup: Lookup, limits: LimitsReport) -> Blueprint:
    """The routes over `lookup` and `limits`."""
    api = Blueprint("api", __name__)

    @api.post("/profiles")
    def profiles() -> Response:
        body: Any = request.get_json(silent=True)
        if body is None:
            raise InvalidField("request", "a JSON object, sent as application/json")
        results = lookup.profiles(FetchRequest.from_json(body))
        return jsonify(results=[result.to_json() for result in results])

    @api.get("/limits")
    def windows() -> Response:
        return jsonify(limits.document())

    @api.get("/livez")
    def live() -> Response:
        return jsonify(status="alive", time=write_time(datetime.now(UTC)))

    @api.get("/readyz")
    def ready() -> Response:
        if not limits.store_answers():
            return problem(503, "store-unavailable", "The record of past requests cannot be read; nothing is sent.")
        return jsonify(status="ready", emulated=limits.emulated)

    return api
