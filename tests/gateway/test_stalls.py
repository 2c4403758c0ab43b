from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from gateway.stalls import bound_stalls


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: the server's end, set to block without end as gunicorn does, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bound_stalls(listener, 0.2)
        with socket.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            server.setblocking(True)
            with server:
                yield server, client


def test_half_a_request_is_waited_for_only_so_long(ends: tuple[socket.socket, socket.socket]) -> None:
    server, client = ends
    client.sendall(b"GET / HT")
    assert server.recv(100) == b"GET / HT"
    with pytest.raises(BlockingIOError):
        server.recv(100)


def test_an_answer_that_nobody_reads_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    server, _ = ends
    with pytest.raises(BlockingIOError):
        server.sendall(bytes(50_000_000))
