"""A ticket's place as events for the page, and as JSON."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from gateway.errors import FetcherUnreachableError
from gateway.openapi_document import problem_responses
from gateway.problems import Problem
from gateway.request_context import request_id
from gateway.waiting.line import WaitingLine


class TicketPath(BaseModel):
    """Names a ticket."""

    ticket: str = Field(max_length=256, description="From a 503.")


class TicketPlace(BaseModel):
    """Where a ticket stands; nulls where it keeps no place any more."""

    position: int | None = Field(description="How many earlier tickets there are.")
    retry_at: datetime | None = Field(description="When to come back with it.")
    retry_after_s: int | None = Field(description="The seconds until then, by the server's clock.")


def create_waiting(line: WaitingLine) -> Blueprint:
    """/waiting/<ticket>, a stream of events"""
    waiting = Blueprint("waiting", __name__)

    @waiting.get("/waiting/<ticket>")
    def events(ticket: str) -> Response:
        """Where the ticket stands, as it changes; ends after some seconds, and the browser connects again."""
        response = Response(line.events(ticket[:256], request_id()), mimetype="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return waiting


def create_tickets_api(line: WaitingLine) -> APIBlueprint:
    """/api/v1/tickets/{ticket}"""
    api = APIBlueprint("tickets", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="api")])

    @api.get("/tickets/<ticket>", operation_id="ticket", responses={200: TicketPlace, **problem_responses(502)})
    def show(path: TicketPath) -> Response:
        """Where a ticket stands in the line of those who wait for a platform's limit."""
        try:
            return jsonify(line.told(path.ticket, request_id()))
        except FetcherUnreachableError as error:
            return Problem(name="upstream-error", detail=str(error)).response()

    return api
