"""A proxy that refuses everything and remembers who was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT")


class RefusingProxy:
    """Listens on a free port of this machine; `asked` holds a line for every request that arrived."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def refuse(self) -> None:
                asked.append(self.requestline)
                self.send_error(403)

            def log_message(self, *_: object) -> None:
                """The list is the log."""

        for method in _METHODS:
            setattr(Handler, f"do_{method}", Handler.refuse)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[RefusingProxy]:
        """While this holds it answers."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """What sends every request to it that leaves this machine."""
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        here = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        return dict.fromkeys((*names, *(name.lower() for name in names)), self.url) | here
