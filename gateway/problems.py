"""Errors as problem details (RFC 9457). The only place where our errors become HTTP statuses.

What Flask and pydantic find with a request stands in http_problems.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from flask import Response, jsonify, request

from contracts.fetch_api import Outcome
from contracts.json_fields import write_time
from contracts.profile_ref import InvalidReference
from gateway.batches.errors import (
    EmptyBatchError,
    InvalidChoiceError,
    KeyReusedError,
    NoSuchBatchError,
    UnderWayError,
    UnreadableListError,
    WrongStateError,
)
from gateway.errors import (
    AllowanceSpentError,
    DatabaseUnavailableError,
    FetcherUnreachableError,
    ModelUnavailableError,
    NotClassifiedError,
)
from gateway.prevalence import InvalidPrevalence
from gateway.request_context import request_id

RETRY_S = 5
"""When to come back while the model or the database is away; a swap or a restart takes a few seconds."""
UNDER_WAY_S = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of problem: its status, its title and what it means, as its page /problems/<name> tells."""

    status: int
    title: str
    meaning: str


KINDS: Mapping[str, Kind] = {
    "not-found": Kind(404, "No such account", "The platform knows no account by this handle or id."),
    "suspended": Kind(410, "Account suspended", "The platform has suspended the account; nothing of it can be read."),
    "nonsense": Kind(422, "Not a profile", "What was given names no profile."),
    "wrong-field": Kind(
        422, "Wrong field", "A field of the request is unknown, missing or of another form; `errors` tells which."
    ),
    "blocked": Kind(502, "Refused by the platform", "The platform refuses our requests, whatever the account."),
    "login-required": Kind(502, "Login required", "The platform shows the account only to someone who is logged in."),
    "not-in-plan": Kind(502, "Not in the plan", "The plan that is paid for at the platform lacks this request."),
    "upstream-error": Kind(502, "No answer from the platform", "The fetcher or the platform gave no usable answer."),
    "rate-limited": Kind(503, "Rate limit reached", "The platform's limit is used up until the time in Retry-After."),
    "budget-spent": Kind(503, "Budget spent", "The budget for this platform is used up until the time in Retry-After."),
    "model-unavailable": Kind(503, "Model not available", "No version of the model can answer at the moment."),
    "database-unavailable": Kind(503, "Database not available", "The gateway's own database does not answer."),
    "malformed": Kind(400, "Malformed request", "The request is not readable, for example no valid JSON."),
    "key-needed": Kind(401, "Key needed", "This installation lets only known API keys in; the one sent is not known."),
    "operator-only": Kind(403, "For operators", "Only a key with the role operator may do this."),
    "too-many-requests": Kind(429, "Too many requests", "Your own limit is used up; Retry-After says for how long."),
    "allowance-spent": Kind(429, "Allowance spent", "Your key has spent the dollars that it may spend on a UTC day."),
    "no-such-thing": Kind(404, "Not here", "Nothing of that name belongs to your key."),
    "already-decided": Kind(409, "Already decided", "An operator decided about this correction."),
    "forbidden": Kind(403, "Refused", "A page of another site may not send requests here."),
    "wrong-state": Kind(409, "Not in this state", "What was asked does not fit what has become of the batch."),
    "key-reused": Kind(422, "Idempotency key used before", "The Idempotency-Key came before with another body."),
    "unreadable-list": Kind(422, "List not readable", "Nothing can be read from the list, or a setting is wrong."),
    "no-such-page": Kind(404, "No such page", "Nothing is served at this address."),
    "wrong-method": Kind(405, "Wrong method", "The address does not take this HTTP method."),
    "too-large": Kind(413, "Too large", "The body is larger than is read here."),
    "wrong-media-type": Kind(415, "Wrong media type", "The body must be application/json."),
    "internal-error": Kind(500, "Internal error", "A fault of Rollcall; the log holds more under the request id."),
}
_OUTCOMES = {outcome.value: outcome.value for outcome in Outcome if outcome is not Outcome.OK}
_OUTCOMES |= {"nonsense": "nonsense", "wrong-field": "nonsense"}
"""Problem -> the `outcome` it tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem, for JSON and for a page alike. `fields` names the wrong fields of a request."""

    name: str
    detail: str
    retry_at: datetime | None = None
    retry_after_s: int | None = None
    ticket: str | None = None
    position: int | None = None
    emulated: bool | None = None
    fields: tuple[tuple[str, str], ...] = ()
    status_override: int | None = None

    @property
    def kind(self) -> Kind:
        """Status, title and meaning."""
        return KINDS[self.name]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.status_override or self.kind.status

    def to_json(self) -> dict[str, Any]:
        """The body of the answer to the request in hand."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.name}",
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request.path,
            "request_id": request_id(),
        }
        if self.name in _OUTCOMES:
            body["outcome"] = _OUTCOMES[self.name]
        if self.retry_at is not None:
            body["retry_at"] = write_time(self.retry_at)
        for name in ("ticket", "position", "emulated"):
            if getattr(self, name) is not None:
                body[name] = getattr(self, name)
        if self.fields:
            body["errors"] = [{"field": field, "detail": detail} for field, detail in self.fields]
        return body

    def response(self) -> Response:
        """The answer as application/problem+json, with Retry-After where one must wait."""
        response = jsonify(self.to_json())
        response.status_code = self.status
        response.mimetype = "application/problem+json"
        if self.retry_after_s is not None:
            response.headers["Retry-After"] = str(self.retry_after_s)
        return response


EXPECTED = (
    AllowanceSpentError,
    DatabaseUnavailableError,
    InvalidReference,
    InvalidPrevalence,
    NotClassifiedError,
    FetcherUnreachableError,
    ModelUnavailableError,
)
"""What `Classifier.classify` raises."""


_PLAIN: Mapping[type[Exception], tuple[str, int | None]] = {
    InvalidReference: ("nonsense", None),
    FetcherUnreachableError: ("upstream-error", None),
    ModelUnavailableError: ("model-unavailable", RETRY_S),
    DatabaseUnavailableError: ("database-unavailable", RETRY_S),
    NoSuchBatchError: ("no-such-thing", None),
    UnderWayError: ("wrong-state", UNDER_WAY_S),
    WrongStateError: ("wrong-state", None),
    KeyReusedError: ("key-reused", None),
    UnreadableListError: ("unreadable-list", None),
    EmptyBatchError: ("unreadable-list", None),
    InvalidChoiceError: ("malformed", None),
}
"""Errors that are told by their sentence alone, and when to come back."""


def problem_of(error: Exception, now: datetime) -> Problem:
    """The problem that an expected error is; `now` (UTC) makes a time to come back into seconds to wait."""
    if isinstance(error, NotClassifiedError):
        waiting = error.outcome in {Outcome.RATE_LIMITED, Outcome.BUDGET_SPENT}
        seconds = ceil((error.retry_at - now).total_seconds()) if error.retry_at else 60
        return Problem(
            name=error.outcome.value,
            detail=str(error),
            retry_at=error.retry_at,
            retry_after_s=max(1, seconds) if waiting else None,
            ticket=error.result.ticket,
            position=error.result.position,
            emulated=error.result.emulated,
        )
    if isinstance(error, AllowanceSpentError):
        seconds = max(1, ceil((error.retry_at - now).total_seconds()))
        return Problem(name="allowance-spent", detail=str(error), retry_at=error.retry_at, retry_after_s=seconds)
    if isinstance(error, InvalidPrevalence):
        return Problem(name="wrong-field", detail=str(error), fields=(("prevalence", str(error)),))
    for kind, (name, retry_after_s) in _PLAIN.items():
        if isinstance(error, kind):
            return Problem(name=name, detail=str(error), retry_after_s=retry_after_s)
    raise error
