"""The fetcher's routes; each translates between HTTP and a plain object that does the work."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from math import ceil
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from contracts.fetch_api import ACTIVITY, MAX_ACCOUNTS, FetchRequest, Priority, read_ref
from contracts.json_fields import InvalidField, read_list, read_object, write_time
from fetcher.cache import Cache
from fetcher.limits_report import LimitsReport
from fetcher.lookup import Lookup
from fetcher.plan import Planner
from fetcher.problems import problem

MOST_PLANNED = 100_000
"""Accounts of one plan."""


def create_api(lookup: Lookup, limits: LimitsReport, planner: Planner, cache: Cache) -> Blueprint:
    """The routes over the objects that do the work."""
    api = Blueprint("api", __name__)

    @api.post("/profiles")
    def profiles() -> Response:
        body: Any = request.get_json(silent=True)
        if body is None:
            raise InvalidField("request", "a JSON object, sent as application/json")
        asked = FetchRequest.from_json(body)
        results = lookup.profiles(asked)
        outcomes = Counter(result.outcome.value for result in results)
        # For the log line: how many of what, never who.
        g.counted = {"accounts": len(results), "outcomes": dict(outcomes), "priority": asked.priority.value}
        response = jsonify(results=[result.to_json() for result in results])
        times = [result.retry_at for result in results if result.retry_at is not None]
        if times:
            response.headers["Retry-After"] = str(max(1, ceil((min(times) - datetime.now(UTC)).total_seconds())))
        return response

    @api.post("/plan")
    def plan() -> Response:
        body: Any = request.get_json(silent=True)
        record = read_object(body, "request", frozenset(["accounts", "priority", "include"]))
        accounts = read_list(record.get("accounts"), "accounts", MOST_PLANNED)
        fetch = FetchRequest.from_json({**record, "accounts": []})
        refs = [read_ref(account, f"accounts[{index}]") for index, account in enumerate(accounts)]
        person = fetch.priority is Priority.PERSON
        return jsonify(planner.plan(refs, activity=ACTIVITY in fetch.include, person=person))

    @api.post("/forget")
    def forget() -> Response:
        """Drop accounts from the cache, under every name that is known of them."""
        record = read_object(request.get_json(silent=True), "request", frozenset(["accounts"]))
        accounts = read_list(record.get("accounts"), "accounts", MAX_ACCOUNTS)
        refs = [read_ref(account, f"accounts[{index}]") for index, account in enumerate(accounts)]
        cache.forget(refs)
        return jsonify(forgotten=len(refs))

    @api.get("/limits")
    def windows() -> Response:
        return jsonify(limits.document())

    @api.get("/tickets/<ticket>")
    def place(ticket: str) -> Response:
        return jsonify(limits.place(ticket))

    @api.get("/livez")
    def live() -> Response:
        return jsonify(status="alive", time=write_time(datetime.now(UTC)))

    @api.get("/readyz")
    def ready() -> Response:
        if not limits.store_answers():
            return problem(503, "store-unavailable", "The record of past requests cannot be read; nothing is sent.")
        return jsonify(status="ready", emulated=limits.emulated)

    return api
