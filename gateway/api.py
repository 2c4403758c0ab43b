"""The JSON API under /api/v1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from contracts.model import MODEL_NAME, STABLE
from contracts.platforms import Platform
from gateway.classify import Classifier, Question
from gateway.fetcher_client import Fetcher
from gateway.prediction import Model
from gateway.problems import EXPECTED, problem_of
from gateway.request_context import request_id
from gateway.schemas import ClassifyAnswer, ClassifyRequest, LimitsReport, ModelReport

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}


def _problems(*statuses: int) -> dict[str | int, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": content,
            **({"headers": _RETRY_AFTER} if status == 503 else {}),
        }
        for status in statuses
    }


def create_api(classifier: Classifier, fetcher: Fetcher, model: Model, now: Callable[[], datetime]) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = APIBlueprint("api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="api")])

    @api.before_request
    def read_body() -> None:
        if request.method != "POST":
            return
        if not request.is_json:
            raise UnsupportedMediaType("Send the body as application/json.")
        try:
            body = request.get_json()
        except RecursionError:
            raise BadRequest("The JSON is nested too deeply.") from None
        except BadRequest:
            raise BadRequest("The body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise BadRequest('The body must be a JSON object, such as {"profile": "https://x.com/some_handle"}.')

    def answer_problem(error: Exception) -> Response:
        return problem_of(error, now()).response()

    for kind in EXPECTED:
        api.register_error_handler(kind, answer_problem)

    @api.post(
        "/classify",
        operation_id="classify",
        responses={200: ClassifyAnswer, **_problems(400, 404, 410, 413, 415, 422, 502, 503)},
    )
    def classify(body: ClassifyRequest) -> Response:
        """Say what one account looks like.

        200 only when it was classified; otherwise problem details whose `outcome` says why not.
        """
        platform = None if body.platform is None else Platform(body.platform)
        answer = classifier.classify(Question(body.profile, platform, body.ticket), request_id())
        return jsonify({**answer.to_json(), "request_id": request_id()})

    @api.get("/limits", operation_id="limits", responses={200: LimitsReport, **_problems(502)})
    def limits() -> Response:
        """Windows and budgets of the platforms: used, remaining, reset."""
        return jsonify(fetcher.limits(request_id()))

    @api.get("/model", operation_id="model", responses={200: ModelReport, **_problems(503)})
    def report_model() -> Response:
        """The version in use and its model card."""
        version = model.version(request_id(), fresh=True)
        description = version.description
        return jsonify(
            {
                "name": MODEL_NAME,
                "version": version.number,
                "label": STABLE,
                "schema_version": description.schema_version,
                "feature_names": description.feature_names,
                "classes": description.classes,
                "accusation_threshold": description.accusation_threshold,
                "base_rates": description.base_rates,
                "wants": description.wants,
                "card": description.card,
            }
        )

    return api
