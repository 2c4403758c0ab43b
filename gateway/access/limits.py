"""How many requests a key may send in a minute: Flask-Limiter, in memory or in a Redis that replicas share."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, g, request

from gateway.access.caller import known_caller

_SIGN_INS_PER_MINUTE = 20
"""Of one address, so that nobody guesses keys by the form."""
_RESET, _WAIT = "RateLimit-Reset", "X-RateLimit-Wait"


def keep_limits(app: Flask, storage_url: str | None) -> None:
    """Refuse with 429 what is more than the caller's `per_minute`, and say in headers what is left.

    The storage that does not answer within a second is done without: each replica then counts for itself.
    """
    from flask_limiter import Limiter  # noqa: PLC0415 - Where no keys are, nothing needs it.
    from flask_limiter.constants import HeaderNames  # noqa: PLC0415

    @app.after_request
    def correct_headers(response: Response) -> Response:
        # Flask-Limiter tells a time of 1970's clock, where the headers of this name are seconds to wait
        # (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/).
        if (reset := response.headers.get(_RESET)) is not None:
            response.headers[_RESET] = str(max(0, int(reset) - int(time.time())))
        # It also tells every answer to wait, and one that has its own time to wait longer.
        response.headers.pop(_WAIT, None)
        return response

    def take_down(limit: Any) -> None:
        g.limit_wait_s = max(1, int(limit.reset_at - time.time()))

    bounds: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1} if storage_url else {}
    Limiter(
        key_func=_who,
        app=app,
        application_limits=[_how_many],
        application_limits_exempt_when=_is_unbounded,
        storage_uri=storage_url or "memory://",
        storage_options=bounds,
        strategy="moving-window",
        headers_enabled=True,
        header_name_mapping={
            HeaderNames.LIMIT: "RateLimit-Limit",
            HeaderNames.REMAINING: "RateLimit-Remaining",
            HeaderNames.RESET: _RESET,
            HeaderNames.RETRY_AFTER: _WAIT,
        },
        on_breach=take_down,
        in_memory_fallback_enabled=True,
        key_prefix="rollcall",
    )


def seconds_to_wait() -> int | None:
    """Until a request may be sent again that was refused just now."""
    waits: int | None = g.get("limit_wait_s")
    return waits


def _who() -> str:
    found = known_caller()
    return f"key:{found.owner}" if found else f"address:{request.remote_addr}"


def _how_many() -> str:
    found = known_caller()
    return f"{found.per_minute if found and found.per_minute else _SIGN_INS_PER_MINUTE} per minute"


def _is_unbounded() -> bool:
    found = known_caller()
    return request.endpoint != "access.enter" if found is None else found.per_minute is None
