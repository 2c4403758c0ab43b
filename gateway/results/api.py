"""The API of stored results: an account's history, corrections, and deletion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from contracts.profile_ref import InvalidReference
from gateway.access.caller import caller
from gateway.errors import DatabaseUnavailableError, FetcherUnreachableError
from gateway.json_body import require_json_object
from gateway.openapi_document import problem_responses
from gateway.problems import Problem, problem_of
from gateway.request_context import request_id
from gateway.results.accounts import read_account
from gateway.results.archive import Archive
from gateway.results.corrections import AlreadyDecided, CorrectionState, NoSuchResult
from gateway.results.schemas import (
    AccountPath,
    CorrectionAnswer,
    CorrectionList,
    CorrectionPath,
    CorrectionQuery,
    CorrectionRequest,
    Decision,
    Deletion,
    DeletionQuery,
    History,
    ResultPath,
    StoredAnswer,
)
from gateway.results.stored import time_text

_NO_RESULT = "Your key has no such result; it may have been deleted, or its time is over."
_NO_CORRECTION = "There is no such correction."
_LINES: dict[str | int, Any] = {
    200: {
        "description": 'One object a line: {"profile": ..., "label": ..., "approved": true}.',
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def create_results_api(archive: Archive, now: Callable[[], datetime]) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = APIBlueprint("results_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="results")])
    api.before_request(require_json_object)

    def answer_problem(error: Exception) -> Response:
        return problem_of(error, now()).response()

    for kind in (DatabaseUnavailableError, FetcherUnreachableError, InvalidReference):
        api.register_error_handler(kind, answer_problem)

    @api.get("/results", operation_id="list_results", responses={200: History, **problem_responses(503)})
    def latest() -> Response:
        """What your key was answered lately, whatever the account."""
        return jsonify(results=[result.to_json() for result in archive.latest(caller())])

    @api.get(
        "/accounts/<platform>/<account>/results",
        operation_id="history",
        responses={200: History, **problem_responses(422, 503)},
    )
    def history(path: AccountPath) -> Response:
        """What your key was answered about an account, with the version that answered."""
        found = archive.history(caller(), read_account(path.platform, path.account))
        return jsonify(results=[result.to_json() for result in found])

    @api.delete(
        "/accounts/<platform>/<account>",
        operation_id="delete_account",
        responses={200: Deletion, **problem_responses(422, 502, 503)},
    )
    def delete(path: AccountPath, query: DeletionQuery) -> Response:
        """Delete everything of an account at once: results, rows of batches, corrections, cached answers.

        Nothing of it up to now comes back, not even out of a restored database.
        """
        everyone = None if query.scope is None else query.scope == "everyone"
        ref = read_account(path.platform, path.account)
        erased = archive.delete(caller(), ref, request_id(), everyone=everyone)
        scope = "mine" if erased.fetcher is None else "everyone"
        return jsonify(scope=scope, deleted=dict(erased.counts), deleted_at=time_text(erased.at))

    @api.get(
        "/results/<result_id>",
        operation_id="result",
        responses={200: StoredAnswer, **problem_responses(404, 422, 503)},
    )
    def result(path: ResultPath) -> Response:
        """One answer that your key got earlier."""
        found = archive.result(caller(), path.result_id)
        return _missing(_NO_RESULT) if found is None else jsonify(found.to_json())

    @api.post(
        "/corrections",
        operation_id="correct",
        responses={201: CorrectionAnswer, **problem_responses(400, 404, 409, 413, 415, 422, 503)},
    )
    def correct(body: CorrectionRequest) -> tuple[Response, int] | Response:
        """Say that an answer was wrong. Training reads it after an operator approved it, without the account's name."""
        try:
            made = archive.correct(caller(), body.result_id, body.label, body.comment)
        except NoSuchResult:
            return _missing(_NO_RESULT)
        except AlreadyDecided:
            return Problem(name="already-decided", detail="An operator decided about this one already.").response()
        return jsonify(made.to_json()), 201

    @api.get("/corrections", operation_id="corrections", responses={200: CorrectionList, **problem_responses(422, 503)})
    def corrections(query: CorrectionQuery) -> Response:
        """Your corrections, or everybody's for an operator."""
        state = None if query.state is None else CorrectionState(query.state)
        return jsonify(corrections=[each.to_json() for each in archive.corrections(caller(), state)])

    @api.put(
        "/corrections/<correction_id>",
        operation_id="decide_correction",
        responses={200: CorrectionAnswer, **problem_responses(400, 404, 413, 415, 422, 503)},
    )
    def decide(path: CorrectionPath, body: Decision) -> Response:
        """Approve or reject a correction; for operators. A decision can be changed."""
        decided = archive.decide(caller(), path.correction_id, CorrectionState(body.state))
        return _missing(_NO_CORRECTION) if decided is None else jsonify(decided.to_json())

    @api.get("/corrections.jsonl", operation_id="export_corrections", responses={**_LINES, **problem_responses(503)})
    def export() -> Response:
        """The approved corrections as `python -m training feedback --corrections FILE` reads them; for operators."""
        return Response("".join(archive.approved(caller())), mimetype="application/x-ndjson")

    return api


def _missing(detail: str) -> Response:
    return Problem(name="no-such-thing", detail=detail).response()
