"""The factory of the gateway: the only place that puts its parts together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import jsonify
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from contracts.json_fields import write_time
from gateway import openapi_document
from gateway.access.caller import caller
from gateway.access.front_door import open_front_door, secret_of
from gateway.access.spending import Spending
from gateway.api import create_api
from gateway.batches.pinned_model import PinnedModel, Versions
from gateway.batches.queue import WorkQueue
from gateway.batches.wiring import open_batches
from gateway.browser_rules import keep_browser_rules
from gateway.classify import Classifier
from gateway.config import Config
from gateway.database import open_tables
from gateway.error_answers import answer_errors, is_api
from gateway.fetcher_client import Fetcher, FetcherClient
from gateway.health import create_health
from gateway.http_problems import problem_of_fields
from gateway.json_provider import FastJSON
from gateway.metrics import Metrics
from gateway.model_calls import ModelCalls
from gateway.model_client import ModelClient
from gateway.offline.api import create_score_api
from gateway.pages.api_reference import create_reference
from gateway.pages.demo_accounts import DemoAccounts, EmulatorDemoAccounts, NoDemoAccounts
from gateway.pages.navigation import navigation
from gateway.pages.routes import create_pages
from gateway.pages.template_filters import add_template_filters
from gateway.prediction import Model
from gateway.request_context import watch_requests
from gateway.results.api import create_results_api
from gateway.results.pages import create_results_pages
from gateway.results.setup import open_results
from gateway.schemas import Problem
from gateway.split_model import SplitModel
from gateway.status.http_get import Get, HttpGet
from gateway.status.report import Status
from gateway.status.views import create_status_api, create_status_page, watch
from gateway.traffic_api import create_traffic_api
from gateway.traffic_control import TrafficControl
from gateway.traffic_store import SqlTrafficStore, TrafficStore
from gateway.waiting.line import WaitingLine
from gateway.waiting.views import create_tickets_api, create_waiting

MAX_BODY_BYTES = 64 * 1024


def create_app(
    config: Config,
    *,
    registry: CollectorRegistry | None = None,
    fetcher: Fetcher | None = None,
    model: Model | None = None,
    traffic: TrafficStore | None = None,
    engine: Engine | None = None,
    versions: Versions | None = None,
    queue: WorkQueue | None = None,
    demo: DemoAccounts | None = None,
    get: Get | None = None,
    now: Callable[[], datetime] | None = None,
) -> OpenAPI:
    """The application; a collaborator that is left out is the real one, at the address in `config`."""
    now = now or _utc_now
    engine = engine or open_tables(config.database_url)
    metrics = Metrics(registry or CollectorRegistry())
    fetcher = fetcher or FetcherClient(config.fetcher_url, metrics, connections=config.threads)
    model = model or ModelClient(config.model_server, metrics, deadline_s=config.model_deadline_s)
    demo = demo or (EmulatorDemoAccounts(config.emulator_url) if config.emulated else NoDemoAccounts())
    control = TrafficControl(traffic or SqlTrafficStore(engine), metrics)
    versions = versions or PinnedModel(ModelCalls(config.model_server, metrics, deadline_s=config.model_deadline_s))
    split = SplitModel(model, control, metrics, now=now, busy_at=max(1, config.threads // 2))
    secret = secret_of(config)
    results = open_results(config, engine, secret, fetcher, metrics, now=now)
    classifier = Classifier(
        fetcher,
        split,
        metrics,
        deadline_s=config.fetch_deadline_s,
        patient_at_most=max(1, config.threads * 3 // 4),
        prevalence=config.prevalence,
        who=caller,
        spending=Spending(engine, now),
        recorder=results.recorder,
    )
    line = WaitingLine(fetcher, streams_at_most=max(1, config.threads // 4), now=now)

    status = Status(
        metrics,
        fetcher,
        split,
        control,
        get or HttpGet(),
        fetcher_metrics_url=config.fetcher_metrics_url,
        worker_metrics_url=config.worker_metrics_url,
        prometheus_url=config.prometheus_url,
    )

    app = OpenAPI(
        "gateway",
        info=Info(title="Rollcall", version="1", description=openapi_document.DESCRIPTION),
        doc_ui=False,
        validation_error_model=Problem,
        validation_error_callback=lambda error: problem_of_fields(error).response(),
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json = FastJSON(app)
    app.jinja_env.globals |= {
        "emulated": config.emulated,
        "navigation": navigation,
        "server_time": lambda: write_time(now()),
    }
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    add_template_filters(app)
    watch(app, status)
    watch_requests(app, metrics, log_key=secret.derive("log"))
    keep_browser_rules(app)
    open_front_door(app, config, secret, metrics, is_api=is_api)
    answer_errors(app, now)
    app.register_blueprint(create_health(split, control))
    app.register_blueprint(create_pages(classifier, fetcher, split, control, demo=demo, now=now))
    app.register_blueprint(create_waiting(line))
    app.register_api(create_tickets_api(line))
    app.register_blueprint(create_status_page(status))
    app.register_api(create_status_api(status))
    app.register_api(create_api(classifier, fetcher, split, control, now))
    app.register_api(create_score_api(split, versions, config.prevalence, now))
    app.register_api(create_traffic_api(split, control, now))
    app.register_api(create_results_api(results.archive, now))
    app.register_blueprint(create_results_pages(results.archive, now))
    app.extensions["results"] = results
    open_batches(
        app,
        engine,
        queue or WorkQueue(config.queue_url),
        fetcher=fetcher,
        model=split,
        versions=versions,
        emulated=config.emulated,
        streams_at_most=max(1, config.threads // 4),
        now=now,
    )
    document = openapi_document.finish(app.api_doc)
    app.register_blueprint(create_reference(document))
    app.add_url_rule("/openapi.json", "openapi_document", lambda: jsonify(document))
    return app


def _utc_now() -> datetime:
    return datetime.now(UTC)
