"""How errors are answered: problem details for programs, pages for people, and a part of the page for its script."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge, SecurityError

from gateway.access.gate import sign_in_again
from gateway.classify import Question
from gateway.http_problems import problem_of_http
from gateway.pages.problem_page import problem_page
from gateway.pages.questions import question_of
from gateway.problems import Problem

API_PATHS = ("/api/", "/openapi.json", "/livez", "/readyz")
"""Where errors are problem details; elsewhere they are pages."""
_READ_OFF_BYTES = 1024 * 1024

_log = logging.getLogger("gateway")


def is_api(path: str) -> bool:
    """Whether it is programs that ask there."""
    return path.startswith(API_PATHS)


def answer_errors(app: Flask, now: Callable[[], datetime]) -> None:
    """Let no error leave without a sentence; `now` gives the time in UTC."""

    @app.errorhandler(HTTPException)
    def answer(error: HTTPException) -> Response:
        if isinstance(error, RequestEntityTooLarge):
            # The client's connection stays usable only where its body was read; a client that is too slow loses it.
            with suppress(OSError):
                request.environ["wsgi.input"].read(_READ_OFF_BYTES)
        problem = problem_of_http(error)
        # A request under a name that is not ours has no page to link to.
        if is_api(request.path) or isinstance(error, SecurityError):
            response = problem.response()
            for name, value in error.get_headers():
                if name in {"Allow", "WWW-Authenticate"}:
                    response.headers[name] = value
            return response
        if request.endpoint == "pages.classify":
            return _part(problem, now())
        return problem_page(problem, sign_in=sign_in_again(request) if problem.name == "key-needed" else None)

    @app.errorhandler(Exception)
    def answer_fault(error: Exception) -> Response:
        _log.error("fault", exc_info=error)
        return answer(InternalServerError("A fault of Rollcall; the log holds more under the request id."))


def _part(problem: Problem, now: datetime) -> Response:
    """What the page's script puts in the place of an answer; where one must wait, it asks its question again."""
    question = None
    if problem.retry_after_s is not None:
        with suppress(HTTPException):
            question = question_of(request.form)
    told = {"question": question or Question(""), "result": None, "problem": problem, "now": now}
    response = make_response(render_template("answer.html", **told), problem.status)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response
