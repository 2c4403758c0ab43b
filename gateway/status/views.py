"""The status as a page and as JSON."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from contracts.platforms import Platform
from gateway.pages.status_view import HOPS, duration, tiles, worker_rows
from gateway.request_context import request_id
from gateway.status.report import Status
from gateway.status.schemas import StatusAnswer


def create_status_page(status: Status) -> Blueprint:
    """/status"""
    page = Blueprint("status", __name__)

    @page.get("/status")
    def show() -> str:
        """Rates, latencies, limits and versions on one screen."""
        report = status.report(request_id())
        titles = {platform.value: platform.title for platform in Platform}
        return render_template(
            "status.html", report=report, tiles=tiles(report), worker=worker_rows(report), hops=HOPS, titles=titles
        )

    return page


def create_status_api(status: Status) -> APIBlueprint:
    """/api/v1/status"""
    api = APIBlueprint("status_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="api")])

    @api.get("/status", operation_id="status", responses={200: StatusAnswer})
    def show() -> Response:
        """Rates, latencies, limits and versions at once."""
        return jsonify(status.report(request_id()).to_json())

    return api


def watch(app: Flask, status: Status) -> None:
    """Let the status take note after each request, and know how the page writes a short time."""
    app.add_template_filter(duration)

    @app.after_request
    def take_note(response: Response) -> Response:
        status.take_note()
        return response
