"""Errors of the fetcher's own API as problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from contracts.json_fields import InvalidField
from fetcher.errors import StoreUnavailable

_log = logging.getLogger(__name__)


def problem(status: int, kind: str, detail: str, **fields: object) -> Response:
    """A problem document of the type `/problems/<kind>`."""
    document = {
        "type": f"/problems/{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **fields,
    }
    return Response(json.dumps(document), status, content_type="application/problem+json")


def register_problems(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""

    @app.errorhandler(InvalidField)
    def invalid(error: InvalidField) -> Response:
        return problem(422, "invalid-field", str(error), field=error.field)

    @app.errorhandler(StoreUnavailable)
    def unavailable(_: StoreUnavailable) -> Response:
        return problem(503, "store-unavailable", "The record of past requests cannot be read.")

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        status = error.code or 500
        return problem(status, HTTPStatus(status).phrase.lower().replace(" ", "-"), error.description or "")

    @app.errorhandler(Exception)
    def failed(_: Exception) -> Response:
        _log.exception("request failed")
        return problem(500, "internal", "The fetcher failed; its log says more under this request id.")
