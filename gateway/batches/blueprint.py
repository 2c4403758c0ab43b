"""What the parts of /api/v1/batches share: their address, and how errors become problem details."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from gateway.batches.errors import BatchError
from gateway.errors import DatabaseUnavailableError, FetcherUnreachableError, ModelUnavailableError
from gateway.problems import problem_of

EXPECTED = (BatchError, DatabaseUnavailableError, FetcherUnreachableError, ModelUnavailableError)
"""What the use cases raise."""


def create_blueprint(name: str, now: Callable[[], datetime]) -> APIBlueprint:
    """A part without routes; `now` gives the time in UTC."""
    api = APIBlueprint(name, __name__, url_prefix="/api/v1/batches", abp_tags=[Tag(name="batches")])

    def answer_problem(error: Exception) -> Response:
        return problem_of(error, now()).response()

    for kind in EXPECTED:
        api.register_error_handler(kind, answer_problem)
    return api
