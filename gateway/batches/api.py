"""/api/v1/batches: makes batches and takes them from state to state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request, url_for
from flask_openapi3.blueprint import APIBlueprint

from gateway.access.caller import caller
from gateway.batches.accounts import Refused
from gateway.batches.batch import Batch, iso
from gateway.batches.blueprint import create_blueprint
from gateway.batches.creation import NewBatch
from gateway.batches.schemas import (
    AccountList,
    BatchList,
    BatchPath,
    BatchReport,
    Idempotency,
    NewBatchQuery,
    NewBatchReport,
    Paging,
    Pin,
)
from gateway.batches.service import Batches
from gateway.batches.submission import read_body
from gateway.openapi_document import problem_responses
from gateway.request_context import request_id

_SHOWN_LINES = 100
_CHANGED: dict[str | int, Any] = {200: BatchReport, **problem_responses(404, 409, 422, 503)}
_GONE: dict[str | int, Any] = {204: {"description": "It is gone."}, **problem_responses(404, 409, 422, 503)}


def create_batches_api(
    batches: Batches, allowance: Callable[[], float | None], now: Callable[[], datetime]
) -> APIBlueprint:
    """The blueprint; `allowance` is what the caller may still spend today, `now` gives the time in UTC."""
    api = create_blueprint("batches_api", now)

    def own(path: BatchPath) -> Batch:
        return batches.store.get(caller().owner, path.batch_id)

    def shown(batch: Batch) -> dict[str, Any]:
        return {**batch.to_json(), "progress": batches.progress(batch).to_json()}

    @api.post(
        "",
        operation_id="create_batch",
        responses={200: NewBatchReport, 201: NewBatchReport, **problem_responses(400, 409, 413, 415, 422, 503)},
    )
    def create(raw: AccountList, query: NewBatchQuery, header: Idempotency) -> tuple[Response, int]:  # noqa: ARG001
        """Store a list of accounts and plan it; nothing is asked of a platform before it is confirmed.

        JSON (a list, or an object with `accounts`, `platform`, `name` and `explain`), JSON lines, CSV or one account a
        line; profile addresses, handles or ids, up to 100,000. Bad lines and duplicates are reported, the rest is kept.
        200 where the same Idempotency-Key made it before.
        """
        given = read_body(request)
        new = NewBatch(
            owner=caller().owner,
            accounts=given.accounts,
            name=given.name,
            explain=given.explain,
            key=header.idempotency_key,
            digest=given.digest,
        )
        batch, is_new = batches.create(new, request_id())
        refused = [line_of(each) for each in batches.store.refused(batch, most=_SHOWN_LINES)]
        response = jsonify({**shown(batch), "refused": refused})
        response.headers["Location"] = url_for("batches_api.read", batch_id=batch.id)
        return response, 201 if is_new else 200

    @api.get("", operation_id="list_batches", responses={200: BatchList, **problem_responses(422, 503)})
    def latest(query: Paging) -> Response:
        """Your batches, the newest first, without their progress."""
        before = None if query.before is None else _seconds(query.before)
        found = batches.store.latest(caller().owner, most=query.most, before=before)
        following = iso(found[-1].created_at) if len(found) == query.most else None
        return jsonify({"batches": [batch.to_json() for batch in found], "next": following})

    @api.get("/<batch_id>", operation_id="batch", responses={200: BatchReport, **problem_responses(404, 422, 503)})
    def read(path: BatchPath) -> Response:
        """One batch and how far it has come."""
        return jsonify(shown(own(path)))

    @api.delete("/<batch_id>", operation_id="delete_batch", responses=_GONE)
    def delete(path: BatchPath) -> tuple[str, int]:
        """Forget a batch that does not run, with all its rows."""
        batches.store.delete(own(path))
        return "", 204

    @api.post("/<batch_id>/plan", operation_id="plan_batch", responses={**_CHANGED, **problem_responses(502)})
    def plan(path: BatchPath) -> Response:
        """Plan afresh what is left of it."""
        return jsonify(shown(batches.plan(own(path), request_id())))

    @api.post("/<batch_id>/confirm", operation_id="confirm_batch", responses=_CHANGED)
    def confirm(path: BatchPath, query: Pin) -> Response:
        """Begin; every account is judged by the version named here, or else by the one that is stable now."""
        return jsonify(shown(batches.confirm(own(path), query.model_version, request_id(), usd_left=allowance())))

    @api.post("/<batch_id>/pause", operation_id="pause_batch", responses=_CHANGED)
    def pause(path: BatchPath) -> Response:
        """Ask for nothing more; what is under way still comes in."""
        return jsonify(shown(batches.pause(own(path))))

    @api.post("/<batch_id>/resume", operation_id="resume_batch", responses=_CHANGED)
    def resume(path: BatchPath, query: Pin) -> Response:
        """Go on, on another version of the model where one is named."""
        return jsonify(shown(batches.resume(own(path), query.model_version, request_id(), usd_left=allowance())))

    @api.post("/<batch_id>/cancel", operation_id="cancel_batch", responses=_CHANGED)
    def cancel(path: BatchPath) -> Response:
        """End it; accounts without an outcome get `cancelled`."""
        return jsonify(shown(batches.cancel(own(path))))

    @api.post("/<batch_id>/retry", operation_id="retry_batch", responses=_CHANGED)
    def retry(path: BatchPath) -> Response:
        """Ask once more for the accounts of a finished batch whose outcome says nothing of the account."""
        return jsonify(shown(batches.retry(own(path))))

    return api


def line_of(refused: Refused) -> dict[str, Any]:
    """A line that became no row, as JSON."""
    return {"line": refused.line, "kind": refused.kind.value, "detail": refused.detail}


def _seconds(time: datetime) -> float:
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
