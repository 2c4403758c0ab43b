"""What Flask and pydantic find with a request, as problem details."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    SecurityError,
)

from gateway.access.limits import seconds_to_wait
from gateway.problems import KINDS, Problem

_OF_STATUS = {400: "malformed", 403: "forbidden", 404: "no-such-page", 405: "wrong-method", 413: "too-large"}
_OF_STATUS |= {401: "key-needed", 415: "wrong-media-type", 429: "too-many-requests", 500: "internal-error"}
_SENTENCES: Mapping[type[HTTPException], str] = {
    SecurityError: (
        "Rollcall is not served under this host name; open it under 127.0.0.1, or name the host in TRUSTED_HOSTS."
    ),
    ClientDisconnected: "The body did not come to its end in time.",
}
_FIELD_SENTENCES = {
    "extra_forbidden": "There is no field of this name.",
    "missing": "This field is needed.",
    "string_type": "This must be a text.",
    "string_unicode": "This must be a text of valid Unicode.",
}


def problem_of_http(error: HTTPException) -> Problem:
    """The problem that Flask itself found with a request."""
    status = 408 if isinstance(error, ClientDisconnected) else error.code or 500
    name = getattr(error, "problem", _OF_STATUS.get(status, "malformed" if status < 500 else "internal-error"))
    detail = _sentence(error) or error.description or KINDS[name].meaning
    override = None if KINDS[name].status == status else status
    wait_s = seconds_to_wait() if status == 429 else None
    return Problem(name=name, detail=detail, retry_after_s=wait_s, status_override=override)


def _sentence(error: HTTPException) -> str | None:
    """Ours, where Flask's own says less."""
    for kind, sentence in _SENTENCES.items():
        if isinstance(error, kind):
            return sentence
    if error.code == 429:
        told = str(error.description).replace(" per 1 minute", " requests a minute")
        return f"You may send {told}, and have done so."
    if isinstance(error, RequestEntityTooLarge) and error.description == RequestEntityTooLarge.description:
        most = (request.max_content_length or 0) // 1024
        return f"A body may hold {most} KB here; lists of accounts go to /api/v1/batches."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return f"This address takes {', '.join(sorted(error.valid_methods))}."
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return "Nothing is served at this address; /api tells what is."
    return None


def problem_of_fields(error: ValidationError) -> Problem:
    """The problem of a body that breaks its schema; what was given is not repeated."""
    fields = tuple(
        (".".join(map(str, each["loc"])) or "body", _FIELD_SENTENCES.get(each["type"], f"{each['msg']}."))
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return Problem(name="wrong-field", detail=" ".join(f"{field}: {detail}" for field, detail in fields), fields=fields)
