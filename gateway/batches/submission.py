"""A list as a request brings it: which format it has, how large it may be, and what it is called."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from contracts.platforms import Platform
from gateway.batches.accounts import Accounts, read_accounts
from gateway.batches.errors import UnreadableListError
from gateway.batches.given import Format, decoded, entries, format_of, of_values

MOST_BYTES = 16 * 2**20
"""100,000 addresses of 150 characters."""
MEDIA_TYPES = {
    "application/json": Format.JSON,
    "text/csv": Format.CSV,
    "text/plain": Format.CSV,
    "application/jsonl": Format.JSON_LINES,
    "application/x-ndjson": Format.JSON_LINES,
}
MOST_NAME = 200
_ENDINGS = {
    ".csv": Format.CSV,
    ".txt": Format.CSV,
    ".tsv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
}
_SETTINGS = frozenset({"platform", "name", "explain"})


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent; `digest` is equal for equal requests."""

    accounts: Accounts
    name: str
    explain: bool
    digest: str


def read_body(request: Request) -> Submission:
    """The body of `POST /api/v1/batches`.

    Raises UnreadableListError, or an HTTPException where size, media type or settings are wrong.
    """
    form = MEDIA_TYPES.get(request.mimetype)
    if form is None:
        raise UnsupportedMediaType(f"Send the list as one of {', '.join(MEDIA_TYPES)}.")
    body = limited(request)
    settings: dict[str, Any] = {name: value for name, value in request.args.items() if name in _SETTINGS}
    if form is Format.JSON:
        values, given = _json(body)
        settings |= given
        found = of_values(values)
    else:
        found = entries(decoded(body), form)
    platform, name, explain = _settings(settings)
    digest = hashlib.sha256(b"\n".join([request.mimetype.encode(), request.query_string, body])).hexdigest()
    return Submission(read_accounts(found, platform), name, explain, digest)


def read_form(request: Request) -> Submission:
    """The form of the page: a file, or else the text of its field; raises as `read_body`."""
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES
    try:
        upload = request.files.get("file")
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(TOO_LARGE) from None
    if upload is not None and upload.filename:
        text = decoded(upload.read())
        form = next((form for ending, form in _ENDINGS.items() if upload.filename.lower().endswith(ending)), None)
        form = form or format_of(text)
    else:
        text = request.form.get("accounts", "").replace("\r\n", "\n")
        form = format_of(text)
    given = {name: request.form[name] for name in ("platform", "name", "explain") if request.form.get(name)}
    platform, name, explain = _settings(given)
    digest = hashlib.sha256(f"{given}{text}".encode(errors="replace")).hexdigest()
    return Submission(read_accounts(entries(text, form), platform), name, explain, digest)


def limited(request: Request) -> bytes:
    """The body of this route, which may be larger than others."""
    request.max_content_length = MOST_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(TOO_LARGE) from None


TOO_LARGE = f"A list may be {MOST_BYTES // 2**20} MB at most; send it in parts."


def _json(body: bytes) -> tuple[list[Any], dict[str, Any]]:
    try:
        document = json.loads(decoded(body))
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    if isinstance(document, list):
        return document, {}
    if not isinstance(document, dict) or not isinstance(document.get("accounts"), list):
        raise UnreadableListError('The body must be a list, or an object with one, such as {"accounts": ["@handle"]}.')
    if unknown := sorted(document.keys() - _SETTINGS - {"accounts"}):
        known = ", ".join(["accounts", *sorted(_SETTINGS)])
        raise UnreadableListError(f"There is no field {unknown[0][:40]!r}; the fields are {known}.")
    return document["accounts"], {name: value for name, value in document.items() if name != "accounts"}


def _settings(given: dict[str, Any]) -> tuple[Platform | None, str, bool]:
    platform, name, explain = given.get("platform"), given.get("name"), given.get("explain", False)
    if platform is not None and platform not in list(Platform):
        raise UnreadableListError(f"platform must be one of {', '.join(Platform)}.")
    if name is not None and (not isinstance(name, str) or len(name) > MOST_NAME or not name.isprintable()):
        raise UnreadableListError(f"name must be a text of at most {MOST_NAME} printable characters.")
    if explain not in (True, False, "true", "false", "1", "0", "on"):
        raise UnreadableListError("explain must be true or false.")
    chosen = None if platform is None else Platform(platform)
    return chosen, (name or "").strip(), explain in (True, "true", "1", "on")
