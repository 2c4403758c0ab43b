"""Lets requests in: finds out who asks, before anything else is done for them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from gateway.access.caller import LOCAL
from gateway.access.key_file import KeyFile
from gateway.access.keys import find_secret
from gateway.access.refusals import KeyNeeded
from gateway.access.sessions import COOKIE, Sessions
from gateway.metrics import Metrics

OPEN_ENDPOINTS = frozenset({"health.livez", "health.readyz", "static", "access.sign_in", "access.enter"})
"""What anybody may ask: probes hold no key, and nobody can sign in without the page that does it."""
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def keep_access(
    app: Flask, keys: KeyFile | None, sessions: Sessions, metrics: Metrics, *, is_api: Callable[[str], bool]
) -> None:
    """Set the caller of every request, or refuse it. Without `keys` everybody is `LOCAL`."""

    @app.before_request
    def let_in() -> Response | None:
        if request.method in _UNSAFE:
            _refuse_other_origins(request)
        if keys is None:
            g.caller = LOCAL
            return None
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        try:
            g.caller = _caller_of(request, keys, sessions)
        except KeyNeeded:
            metrics.refused.labels("key-needed").inc()
            if request.method == "GET" and not is_api(request.path):
                return _to_sign_in(request)
            raise
        return None


def _caller_of(request: Request, keys: KeyFile, sessions: Sessions) -> object:
    if given := request.headers.get("Authorization"):
        scheme, _, secret = given.partition(" ")
        key = find_secret(keys.keys(), secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise KeyNeeded("That key is not known. Send one as Authorization: Bearer KEY.")
        return key.caller
    key = sessions.key_of(request, keys.keys())
    if key is None:
        raise KeyNeeded("This needs a key. Send one as Authorization: Bearer KEY, or sign in on the page.")
    if request.method in _UNSAFE and not _says_where_from(request):
        # A session is sent by the browser itself, so the page that asks must be known to be ours.
        raise Forbidden("A signed-in browser must say which page sends the request; programs send their key instead.")
    return key.caller


def _refuse_other_origins(request: Request) -> None:
    """Refuse what another site's page sends, in browsers too that know no Sec-Fetch-Site."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Forbidden("Pages of other sites may link to Rollcall, but not send requests to it.")


def _says_where_from(request: Request) -> bool:
    """Whether a header that no page can set says that our own page asks; what they say was checked before."""
    return "Sec-Fetch-Site" in request.headers or "Origin" in request.headers


def sign_in_again(request: Request) -> str:
    """Where to sign in for whoever sent a form without a session, and then come back to the form's page."""
    page = urlsplit(request.referrer or "")
    own = page.netloc.lower() == request.host.lower()
    wanted = f"{page.path}?{page.query}".rstrip("?")
    return url_for("access.sign_in", next=wanted if own and wanted != "/" else None)


def _to_sign_in(request: Request) -> Response:
    wanted = request.full_path.rstrip("?")
    response = redirect(url_for("access.sign_in", next=wanted if wanted != "/" else None), 303)
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, httponly=True, samesite="Strict")
    return response  # type: ignore[return-value]
