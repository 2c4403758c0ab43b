"""The JSON API under /api/v1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from contracts.model import MODEL_NAME, STABLE
from contracts.platforms import Platform
from gateway.classify import Classifier, Question
from gateway.fetcher_client import Fetcher
from gateway.json_body import require_json_object
from gateway.openapi_document import problem_responses
from gateway.prevalence import read_shares
from gateway.problems import EXPECTED, problem_of
from gateway.request_context import request_id
from gateway.schemas import ClassifyAnswer, ClassifyRequest, LimitsReport, ModelReport
from gateway.split_model import SplitModel
from gateway.traffic_control import TrafficControl
from gateway.traffic_report import report


def create_api(
    classifier: Classifier,
    fetcher: Fetcher,
    model: SplitModel,
    control: TrafficControl,
    now: Callable[[], datetime],
) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = APIBlueprint("api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="api")])

    api.before_request(require_json_object)

    def answer_problem(error: Exception) -> Response:
        return problem_of(error, now()).response()

    for kind in EXPECTED:
        api.register_error_handler(kind, answer_problem)

    @api.post(
        "/classify",
        operation_id="classify",
        responses={200: ClassifyAnswer, **problem_responses(400, 404, 410, 413, 415, 422, 502, 503)},
    )
    def classify(body: ClassifyRequest) -> Response:
        """Say what one account looks like.

        200 only when it was classified; otherwise problem details whose `outcome` says why not.
        """
        platform = None if body.platform is None else Platform(body.platform)
        shares = None if body.prevalence is None else read_shares(body.prevalence.model_dump())
        answer = classifier.classify(Question(body.profile, platform, body.ticket, shares), request_id())
        return jsonify({**answer.to_json(), "request_id": request_id()})

    @api.get("/limits", operation_id="limits", responses={200: LimitsReport, **problem_responses(502)})
    def limits() -> Response:
        """Windows and budgets of the platforms: used, remaining, reset."""
        return jsonify(fetcher.limits(request_id()))

    @api.get("/model", operation_id="model", responses={200: ModelReport, **problem_responses(503)})
    def report_model() -> Response:
        """The stable version with its model card, and every version that answers."""
        version = model.version(request_id(), fresh=True)
        description = version.description
        return jsonify(
            {
                "name": MODEL_NAME,
                "version": version.number,
                "label": STABLE,
                "versions": report(model, control, request_id()).versions(),
                "schema_version": description.schema_version,
                "feature_names": description.feature_names,
                "classes": description.classes,
                "accusation_thresholds": description.accusation_thresholds,
                "base_rates": description.base_rates,
                "wants": description.wants,
                "card": description.card,
            }
        )

    return api
