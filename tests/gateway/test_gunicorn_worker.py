from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.gunicorn_worker import linger


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the client's end of a connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield server, client


def test_behind_a_client_that_stays_there_is_nothing_left_to_wait_for(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    server, client = ends
    server.sendall(b"answer")
    linger(server, 0.1)
    server.settimeout(5)
    assert server.recv(1) == b"", "gunicorn's own goodbye would wait here."
    assert client.recv(100) == b"answer"


def test_a_client_that_closes_is_not_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    server, client = ends
    threading.Timer(0.05, client.close).start()
    begun = time.monotonic()
    linger(server, 30)
    assert time.monotonic() - begun < 10


def test_a_connection_that_is_gone_is_no_fault(ends: tuple[socket.socket, socket.socket]) -> None:
    server, _ = ends
    server.close()
    linger(server)
