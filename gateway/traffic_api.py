"""The operator's part of the JSON API: who answers, stable or the canary."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from gateway.access.caller import operator_only
from gateway.errors import DatabaseUnavailableError
from gateway.json_body import require_json_object
from gateway.openapi_document import problem_responses
from gateway.problems import problem_of
from gateway.request_context import request_id
from gateway.split_model import SplitModel
from gateway.traffic_control import TrafficControl
from gateway.traffic_report import changed, report
from gateway.traffic_schemas import TrafficChange, TrafficReport

_log = logging.getLogger(__name__)


def create_traffic_api(model: SplitModel, control: TrafficControl, now: Callable[[], datetime]) -> APIBlueprint:
    """The blueprint; `now` gives the time in UTC."""
    api = APIBlueprint("traffic", __name__, url_prefix="/api/v1/model", abp_tags=[Tag(name="operator")])
    api.before_request(require_json_object)

    @api.errorhandler(DatabaseUnavailableError)
    def answer_problem(error: DatabaseUnavailableError) -> Response:
        return problem_of(error, now()).response()

    @api.get("/traffic", operation_id="traffic", responses={200: TrafficReport})
    def read() -> Response:
        """Who answers: the canary's share, the shadow, the bounds, and what was seen of both versions."""
        return jsonify(report(model, control, request_id()).to_json())

    @api.put(
        "/traffic",
        operation_id="change_traffic",
        responses={200: TrafficReport, **problem_responses(400, 413, 415, 422, 503)},
    )
    @operator_only
    def change(body: TrafficChange) -> Response:
        """Change who answers, in every replica within a second or two.

        Which versions are stable and canary is not changed here. Without a canary the share has no effect.
        """
        traffic = control.change(lambda traffic: changed(traffic, body))
        fields = {"canary_share": traffic.canary_share, "shadow": traffic.shadow, "revision": traffic.revision}
        _log.info("The traffic between versions was changed.", extra={"fields": fields})
        return jsonify(report(model, control, request_id()).to_json())

    return api
