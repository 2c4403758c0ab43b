"""A problem as a whole page."""

from __future__ import annotations

from flask import Response, make_response, render_template

from gateway.problems import Problem


def problem_page(problem: Problem, *, sign_in: str | None = None) -> Response:
    """The page, with Retry-After where one must wait; `sign_in` is the way to it where a key is missing."""
    response = make_response(render_template("error.html", problem=problem, sign_in=sign_in), problem.status)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response
