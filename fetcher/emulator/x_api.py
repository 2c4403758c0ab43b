"""The X API v2 as `GET /2/users/by` and `GET /2/users` answer: partial errors, rate-limit headers, both kinds of 429.

https://docs.x.com/x-api/users/user-lookup-by-usernames and https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, make_response, request

from contracts.json_fields import write_time
from contracts.platforms import Platform, is_account_id
from fetcher.emulator.accounts import Account, Accounts
from fetcher.emulator.faults import Faults
from fetcher.emulator.misbehaviour import broken
from fetcher.emulator.windows import Accounting, Verdict

MOST = 100
_PROBLEMS = "https://api.twitter.com/2/problems"


def create_x(accounts: Accounts, accounting: Accounting, faults: Faults) -> Flask:
    """The application behind api.twitter.com."""
    app = Flask(__name__)

    @app.get("/2/users/by")
    def by_username() -> Response:
        def find(username: str) -> Account | None:
            return accounts.by_handle(Platform.X, username)

        return _answer("users_by_username", "usernames", Platform.X.is_handle, find)

    @app.get("/2/users")
    def by_id() -> Response:
        return _answer("users_by_id", "ids", is_account_id, lambda each: accounts.by_id(Platform.X, each))

    def _answer(
        method: str, parameter: str, valid: Callable[[str], bool], find: Callable[[str], Account | None]
    ) -> Response:
        bearer = request.headers.get("Authorization", "")
        if not bearer.startswith("Bearer ") or len(bearer) < 10:
            return _problem(401, "about:blank", "Unauthorized", "Unauthorized")
        fault = faults.take(method)
        if (response := broken(fault)) is not None:
            return response
        verdict = accounting.count(method, bearer)
        if fault == "rate-limited" or not verdict.allowed:
            refusal = _problem(429, f"{_PROBLEMS}/rate-limit-exceeded", "Too Many Requests", "Too Many Requests")
            return _with_headers(refusal, Verdict(False, verdict.limit, 0, verdict.reset))
        if fault not in {None, "lost-headers"}:
            return _with_headers(_refused(str(fault)), verdict)
        given = request.args.get(parameter, "").split(",")
        if not 1 <= len(given) <= MOST or not all(map(valid, given)):
            return _with_headers(
                _problem(400, f"{_PROBLEMS}/invalid-request", "Invalid Request", f"Invalid {parameter}."), verdict
            )
        document = _document(given, parameter, find)
        response = jsonify(document)
        return response if fault == "lost-headers" else _with_headers(response, verdict)

    return app


def _document(given: list[str], parameter: str, find: Callable[[str], Account | None]) -> dict[str, Any]:
    fields = frozenset(request.args.get("user.fields", "").split(","))
    data, errors = [], []
    for each in given:
        account = find(each)
        if account is None or account.state == "missing":
            errors.append(_missing(each, parameter))
        elif account.state == "suspended":
            errors.append(_suspended(each, parameter))
        else:
            data.append(_user(account, fields))
    document: dict[str, Any] = {}
    if data:
        document["data"] = data
    if errors:
        document["errors"] = errors
    return document


def _user(account: Account, fields: frozenset[str]) -> dict[str, Any]:
    picture = f"/profile_images/{account.id}/demo_normal.jpg"
    if not account.flag("has_avatar"):
        picture = "/sticky/default_profile_images/default_profile_normal.png"
    verified = account.flag("verified")
    everything = {
        "created_at": write_time(account.created_at.replace(microsecond=0)).replace("Z", ".000Z"),
        "description": account.biography or "",
        "profile_image_url": f"https://pictures.invalid{picture}",
        "protected": account.private,
        "public_metrics": {
            "followers_count": account.count("followers"),
            "following_count": account.count("following"),
            "tweet_count": account.count("posts"),
            "listed_count": account.count("listed"),
            "like_count": account.count("likes_given"),
        },
        "url": "https://t.co/demo" if account.flag("has_url") else "",
        "verified": verified,
        "verified_type": "blue" if verified else "none",
        "parody": False,
    }
    shown = {name: value for name, value in everything.items() if name in fields}
    return {"id": account.id, "name": account.name, "username": account.handle, **shown}


def _missing(value: str, parameter: str) -> dict[str, Any]:
    return {
        "value": value,
        "detail": f"Could not find user with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": f"{_PROBLEMS}/resource-not-found",
    }


def _suspended(value: str, parameter: str) -> dict[str, Any]:
    return _missing(value, parameter) | {"detail": f"User has been suspended: [{value}].", "title": "Forbidden"}


def _refused(fault: str) -> Response:
    match fault:
        case "usage-capped":
            return _problem(429, f"{_PROBLEMS}/usage-capped", "UsageCapExceeded", "Usage cap exceeded: Monthly")
        case "client-forbidden":
            return _problem(403, f"{_PROBLEMS}/client-forbidden", "Client Forbidden", "This plan lacks the endpoint.")
        case "unauthorized":
            return _problem(401, "about:blank", "Unauthorized", "Unauthorized")
    return _problem(400, f"{_PROBLEMS}/invalid-request", "Invalid Request", "One or more parameters are invalid.")


def _problem(status: int, kind: str, title: str, detail: str) -> Response:
    return make_response(jsonify(title=title, type=kind, status=status, detail=detail), status)


def _with_headers(response: Response, verdict: Verdict) -> Response:
    response.headers["x-rate-limit-limit"] = str(verdict.limit)
    response.headers["x-rate-limit-remaining"] = str(verdict.remaining)
    response.headers["x-rate-limit-reset"] = str(verdict.reset)
    return response
