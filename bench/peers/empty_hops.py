"""`python -m bench.peers.empty_hops PORT [NEXT]`: the floor of HTTP, a Flask application that does nothing.

With NEXT it asks the one at that port first, over a kept connection, as a gateway asks the service behind it.
"""

from __future__ import annotations

import os
import sys

import urllib3
from flask import Flask

_ROUTE = "/empty"


def create_app(following: int | None) -> Flask:
    """The application; `following` is the port of the next hop."""
    app = Flask(__name__)
    pool = urllib3.PoolManager(maxsize=16, retries=False)

    @app.post(_ROUTE)
    def empty() -> bytes:
        if following is None:
            return b"{}"
        return pool.request("POST", f"http://127.0.0.1:{following}{_ROUTE}", json={}).data

    return app


if __name__ == "__main__":
    port, *others = sys.argv[1:]
    factory = f"bench.peers.empty_hops:create_app({others[0] if others else None})"
    gunicorn = ("-m", "gunicorn", factory, "--bind", f"127.0.0.1:{port}", "--no-control-socket")
    threads = ("--worker-class", "gthread", "--threads", "16", "--keep-alive", "75", "--log-level", "warning")
    os.execv(sys.executable, [sys.executable, *gunicorn, *threads])
