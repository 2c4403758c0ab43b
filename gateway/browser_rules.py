"""What browsers are told they may do with our answers, and which of their requests are refused."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites learn nothing. With no-referrer a browser would send our own forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def keep_browser_rules(app: Flask) -> None:
    """Refuse what another site's page sends, and set the headers on every answer."""

    @app.before_request
    def refuse_other_sites() -> None:
        # Every question may cost a request to a platform, so another site may link to a page but never send anything.
        # Only browsers send these headers (https://www.w3.org/TR/fetch-metadata/); other clients are not concerned.
        if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
            return
        if request.method != "GET" or request.headers.get("Sec-Fetch-Dest") != "document":
            raise Forbidden("Pages of other sites may link to Rollcall, but not send requests to it.")

    @app.after_request
    def tell(response: Response) -> Response:
        # Checked all at once: one question for each header would cost more than the rest of a short answer.
        given = {name.lower() for name, _ in response.headers}
        response.headers.extend((name, value) for name, value in HEADERS.items() if name.lower() not in given)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
