"""The body of a request to the JSON API: read before its fields are checked, so that each mistake has its sentence."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import BadRequest, ClientDisconnected, UnsupportedMediaType


def require_json_object() -> None:
    """Refuse what is sent and is no JSON object; raises BadRequest or UnsupportedMediaType."""
    if request.method not in {"POST", "PUT"}:
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        body = request.get_json()
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply.") from None
    except ClientDisconnected:
        raise
    except BadRequest:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest('The body must be a JSON object, such as {"profile": "https://x.com/some_handle"}.')
