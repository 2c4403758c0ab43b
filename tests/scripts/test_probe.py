"""The health check of the images tells an answer from everything else."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from scripts.probe import answers


class _Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Service) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(5)


def test_200_is_healthy(port: int) -> None:
    assert answers(port, "/readyz")


def test_another_status_is_not(port: int) -> None:
    assert not answers(port, "/elsewhere")


def test_nobody_listening_is_not() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Service) as server:
        free = server.server_port
    assert not answers(free, "/readyz")
