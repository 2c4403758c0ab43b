from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import _DEFER, TConn

from gateway.gunicorn_worker import Worker, linger
from gateway.paced_socket import PacedSocket


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


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn publishes no types.
    def load_config(self) -> None: ...


@pytest.fixture
def worker() -> Iterator[Worker]:
    cfg = _Application().cfg
    made = Worker(1, 1, [], None, 30, cfg, Logger(cfg))
    yield made
    made.tmp.close()


def _connection(worker: Worker, server: socket.socket) -> TConn:
    accepted = server.dup()
    return TConn(worker.cfg, accepted, ("127.0.0.1", 1), ("127.0.0.1", 2))


def test_a_connection_on_which_nothing_came_gives_its_thread_back(
    worker: Worker, ends: tuple[socket.socket, socket.socket]
) -> None:
    begun = time.monotonic()
    conn = _connection(worker, ends[0])
    assert worker.handle(conn) is _DEFER
    assert time.monotonic() - begun < 2, "gunicorn itself waits 5 s."
    conn.close()


def test_every_request_is_read_through_a_socket_that_keeps_the_time(
    worker: Worker, ends: tuple[socket.socket, socket.socket]
) -> None:
    server, client = ends
    conn = _connection(worker, server)
    client.sendall(b"GET / HT")
    client.close()
    assert worker.handle(conn) is False
    assert isinstance(conn.sock, PacedSocket)
    conn.close()


class _Full:
    """A listener of a process that may open no more files."""

    def accept(self) -> None:
        raise OSError(errno.EMFILE, "Too many open files")


def test_a_process_that_may_open_no_more_files_goes_on(worker: Worker) -> None:
    worker.accept(_Full())
    assert worker.alive
    assert worker.nr_conns == 0
