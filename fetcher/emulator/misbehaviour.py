"""Faults below the platforms' own answers: a server that breaks, hangs or talks nonsense."""

from __future__ import annotations

import socket
import time

from flask import Response, request

_HANG_S = 3.0


def broken(fault: str | None) -> Response | None:
    """The answer of a broken server for `fault`, or None where the platform itself answers."""
    match fault:
        case "server-error":
            return Response("upstream connect error", 503, content_type="text/plain")
        case "garbage":
            return Response('{"data": [', 200, content_type="application/json")
        case "empty":
            return Response("", 200, content_type="application/json")
        case "hang":
            time.sleep(_HANG_S)
            return Response("", 504)
        case "drop":
            # Without this the client would wait for bytes that never come.
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Response("", 500)
    return None
