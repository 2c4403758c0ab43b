"""Serves an application to a browser, from a thread of the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wsgi import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address under which `app` answers inside the block."""
    server = make_server("127.0.0.1", 0, _files_read_at_once(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _files_read_at_once(app: Flask) -> WSGIApplication:
    """The development server leaves a file open when the browser goes on before it was sent.

    The garbage collector then closes it with a warning, in whatever test happens to run.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        parts = app(environ, start_response)
        if not isinstance(parts, FileWrapper):
            return parts
        with closing(parts):
            return [b"".join(parts)]

    return answer
