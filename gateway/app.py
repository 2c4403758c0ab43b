"""The factory of the gateway: the only place that puts its parts together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, jsonify, render_template, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException, InternalServerError

from gateway import openapi_document
from gateway.api import create_api
from gateway.browser_rules import keep_browser_rules
from gateway.classify import Classifier
from gateway.config import Config
from gateway.demo_accounts import DemoAccounts, EmulatorDemoAccounts, NoDemoAccounts
from gateway.fetcher_client import Fetcher, FetcherClient
from gateway.health import create_health
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.pages import create_pages
from gateway.prediction import Model
from gateway.problems import problem_of_fields, problem_of_http
from gateway.request_context import watch_requests
from gateway.schemas import Problem
from gateway.split_model import SplitModel
from gateway.template_filters import add_template_filters
from gateway.traffic_api import create_traffic_api
from gateway.traffic_control import TrafficControl
from gateway.traffic_store import TrafficStore, open_traffic_store

MAX_BODY_BYTES = 64 * 1024
API_PATHS = ("/api/", "/openapi.json", "/livez", "/readyz")
"""Where errors are problem details; elsewhere they are pages."""

_log = logging.getLogger("gateway")


def create_app(
    config: Config,
    *,
    registry: CollectorRegistry | None = None,
    fetcher: Fetcher | None = None,
    model: Model | None = None,
    traffic: TrafficStore | None = None,
    demo: DemoAccounts | None = None,
    now: Callable[[], datetime] | None = None,
) -> OpenAPI:
    """The application; a collaborator that is left out is the real one, at the address in `config`."""
    now = now or _utc_now
    metrics = Metrics(registry or CollectorRegistry())
    fetcher = fetcher or FetcherClient(config.fetcher_url, metrics, connections=config.threads)
    model = model or ModelClient(config.model_server, metrics, deadline_s=config.model_deadline_s)
    demo = demo or (EmulatorDemoAccounts(config.emulator_url) if config.emulated else NoDemoAccounts())
    control = TrafficControl(traffic or open_traffic_store(config.database_url), metrics)
    split = SplitModel(model, control, metrics, now=now, busy_at=max(1, config.threads // 2))
    classifier = Classifier(fetcher, split, metrics, deadline_s=config.fetch_deadline_s)

    app = OpenAPI(
        "gateway",
        info=Info(title="Rollcall", version="1", description=openapi_document.DESCRIPTION),
        doc_ui=False,
        validation_error_model=Problem,
        validation_error_callback=lambda error: problem_of_fields(error).response(),
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.globals["emulated"] = config.emulated
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    add_template_filters(app)
    watch_requests(app, metrics)
    keep_browser_rules(app)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_fault)
    app.register_blueprint(create_health(split, control))
    app.register_blueprint(create_pages(classifier, fetcher, split, control, demo=demo, now=now))
    app.register_api(create_api(classifier, fetcher, split, control, now))
    app.register_api(create_traffic_api(split, control, now))
    document = openapi_document.finish(app.api_doc)
    app.add_url_rule("/openapi.json", "openapi_document", lambda: jsonify(document))
    return app


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _answer_http_error(error: HTTPException) -> Response | tuple[str, int]:
    problem = problem_of_http(error)
    if request.path.startswith(API_PATHS):
        response = problem.response()
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response
    return render_template("error.html", problem=problem), problem.status


def _answer_fault(error: Exception) -> Response | tuple[str, int]:
    _log.error("fault", exc_info=error)
    return _answer_http_error(InternalServerError("A fault of Rollcall; the log holds more under the request id."))
