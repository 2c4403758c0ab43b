"""`POST /api/v1/score`: records in the body of a request, classified without asking a platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson
from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from contracts.model import CLASSES, MODEL_NAME
from gateway.batches.pinned_model import Versions
from gateway.errors import ModelUnavailableError
from gateway.offline.documents import Item, UnreadableDocument, read_items
from gateway.offline.record import InvalidRecord, Record, read_record, to_columns
from gateway.offline.schemas import JSON_LINES, MEDIA_TYPES, Records, ScoreAnswer
from gateway.offline.scores import NOTHING_KNOWN, Scores, score
from gateway.openapi_document import problem_responses
from gateway.prediction import Version
from gateway.prevalence import Prevalence
from gateway.problems import Problem, problem_of
from gateway.request_context import request_id
from gateway.split_model import SplitModel

MOST_BYTES = 2 << 20
MOST_RECORDS = 2000
TOO_LARGE = (
    f"At most {MOST_RECORDS:,} records of 2 MB together are read at once; `rollcall score` reads files of any size."
)


def create_score_api(
    model: SplitModel, versions: Versions, prevalence: Prevalence, now: Callable[[], datetime]
) -> APIBlueprint:
    """The blueprint; the stable version answers, as it has no account to split by. `now` gives the time in UTC."""
    api = APIBlueprint("score", __name__, url_prefix="/api/v1/score", abp_tags=[Tag(name="api")])

    @api.errorhandler(ModelUnavailableError)
    def answer_unavailable(error: ModelUnavailableError) -> Response:
        return problem_of(error, now()).response()

    @api.errorhandler(UnreadableDocument)
    def answer_unreadable(error: UnreadableDocument) -> Response:
        return Problem(name="unreadable-list", detail=str(error)).response()

    @api.post(
        "",
        operation_id="score",
        responses={200: ScoreAnswer, **problem_responses(400, 413, 415, 422, 503)},
    )
    def classify_records(raw: Records) -> Response:  # noqa: ARG001 - it stands for the body in the OpenAPI document.
        """Say what accounts look like whose profiles you send; no platform is asked.

        A JSON list, JSON lines or CSV of at most 2,000 records and 2 MB. A record that cannot be read has an `error`,
        the others are answered. With `Accept: application/jsonl` the answer is one line to a record.
        """
        items = _read_body()
        version = model.version(request_id())
        results = list(_answers(items, versions, version, prevalence, now()))
        about = {"model": {"name": MODEL_NAME, "version": version.number}}
        if request.accept_mimetypes.best_match(["application/json", *_LINES]) in _LINES:
            lines = b"".join(orjson.dumps(each | about, option=orjson.OPT_APPEND_NEWLINE) for each in results)
            return Response(lines, mimetype=JSON_LINES)
        return jsonify({"results": results, **about, "request_id": request_id()})

    return api


def _read_body() -> list[Item]:
    kind = MEDIA_TYPES.get(request.mimetype)
    if kind is None:
        raise UnsupportedMediaType(f"Send the records as one of {', '.join(MEDIA_TYPES)}.")
    request.max_content_length = MOST_BYTES
    try:
        content = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(TOO_LARGE) from None
    items = []
    for item in read_items(content, kind):
        items.append(item)
        if len(items) > MOST_RECORDS:
            raise RequestEntityTooLarge(TOO_LARGE)
    if not items:
        raise UnreadableDocument("The body holds no record.")
    return items


def _answers(
    items: list[Item], versions: Versions, version: Version, prevalence: Prevalence, now: datetime
) -> Iterator[dict[str, Any]]:
    read = [_read(item, now) for item in items]
    records = [record for record in read if isinstance(record, Record)]

    def predict(features: Any) -> Any:
        prediction = versions.score(version, features, request_id(), explain=False)
        return prediction.probabilities, prediction.confidence

    scores = score(to_columns(records), predict, version, prevalence) if records else None
    row = 0
    for item, record in zip(items, read, strict=True):
        if isinstance(record, str) or scores is None:
            yield {"line": item.line, "error": record}
        else:
            yield {"line": item.line, "platform": record.profile.platform.value, "id": record.id, **_of(scores, row)}
            row += 1


def _read(item: Item, now: datetime) -> Record | str:
    """The record, or why it cannot be read."""
    if item.error is not None:
        return item.error
    try:
        return read_record(item.value, now)
    except InvalidRecord as error:
        return str(error)


def _of(scores: Scores, row: int) -> dict[str, Any]:
    if scores.empty[row]:
        return {"error": NOTHING_KNOWN}
    return {
        "label": CLASSES[scores.labels[row]],
        "unsure": bool(scores.unsure[row]),
        "probabilities": dict(zip(CLASSES, scores.probabilities[row].tolist(), strict=True)),
        "confidence": float(scores.confidence[row]),
    }


_LINES = [JSON_LINES, "application/x-ndjson"]
