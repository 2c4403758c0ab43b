"""The id and the log line of the request in hand."""

from __future__ import annotations

import logging
import re
import secrets
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from flask import Flask, Response, g, request

from contracts.fetch_api import REQUEST_ID_HEADER
from gateway.metrics import Metrics
from gateway.request_notes import begin_notes

_log = logging.getLogger("gateway.access")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="-")


def request_id() -> str:
    """The id of the request in hand, `-` outside of one."""
    return _current.get()


def watch_requests(
    app: Flask, metrics: Metrics, now: Callable[[], float] = time.perf_counter, *, log_key: bytes | None = None
) -> None:
    """Give each request an id (the caller's, if it sent a plain one), a log line and its metrics.

    `log_key` is what accounts are hashed under in the log; None is one that ends with the process.
    """
    key = secrets.token_bytes(32) if log_key is None else log_key

    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        _current.set(given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex)
        g.started, g.notes = now(), begin_notes()
        metrics.in_flight.inc()

    @app.after_request
    def end(response: Response) -> Response:
        # The route stands for the path, which may hold a handle.
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = now() - g.started
        metrics.requests.labels(route, request.method, response.status_code).inc()
        metrics.request_seconds.labels(route, request.method).observe(seconds)
        response.headers[REQUEST_ID_HEADER] = request_id()
        if _log.isEnabledFor(logging.INFO):
            line = {"hop": "gateway", "route": route, "method": request.method, "status": response.status_code}
            line |= {"ms": round(seconds * 1e3, 1), **g.notes.fields(key)}
            _log.info("request", extra={"fields": line})
        return response

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        metrics.in_flight.dec()
