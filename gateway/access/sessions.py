"""Sessions of people who signed in on the page: a signed cookie that names the key, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from gateway.access.keys import Key, find_fingerprint
from gateway.access.secret_key import SecretKey

COOKIE = "rollcall_session"
LASTS_S = 12 * 3600


class Sessions:
    """Signs and reads the cookie. A key that is taken out of the file ends its sessions."""

    def __init__(self, secret: SecretKey) -> None:
        self._serializer = URLSafeTimedSerializer(secret.derive("session"))

    def begin(self, request: Request, response: Response, key: Key) -> None:
        """Let the browser keep a session of `key`; scripts and other sites never get at it."""
        # Behind a proxy that speaks TLS only its header tells; believing it can but make the cookie stricter.
        secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
        response.set_cookie(
            COOKIE,
            str(self._serializer.dumps(key.fingerprint)),
            max_age=LASTS_S,
            httponly=True,
            samesite="Strict",
            secure=secure,
        )

    def end(self, response: Response) -> None:
        """Make the browser forget the session."""
        response.delete_cookie(COOKIE, httponly=True, samesite="Strict")

    def key_of(self, request: Request, keys: Sequence[Key]) -> Key | None:
        """The key that signed in, None where there is no valid session."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        try:
            fingerprint = self._serializer.loads(cookie, max_age=LASTS_S)
        except BadSignature:
            return None
        return find_fingerprint(keys, fingerprint) if isinstance(fingerprint, str) else None
