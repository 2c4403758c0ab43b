from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from fetcher.gunicorn_worker import TimedSocket, Worker


class Impatient(TimedSocket):
    read_s = 0.2


@pytest.fixture
def ends() -> Iterator[tuple[TimedSocket, socket.socket]]:
    """A connection: the server's end, which has little patience, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        with client, Impatient.around(listener.accept()[0], stall_s=0.1) as server:
            yield server, client


def _read_on(server: socket.socket) -> None:
    for _ in range(1000):
        server.recv(100)


def test_a_request_that_comes_byte_by_byte_is_given_up(ends: tuple[TimedSocket, socket.socket]) -> None:
    server, client = ends

    def trickle() -> None:
        try:
            while True:
                client.sendall(b"a")
                time.sleep(0.02)
        except OSError:
            return

    threading.Thread(target=trickle, daemon=True).start()
    with pytest.raises(ConnectionResetError):
        _read_on(server)


def test_half_a_request_is_waited_for_only_so_long(ends: tuple[TimedSocket, socket.socket]) -> None:
    server, client = ends
    client.sendall(b"GET / HT")
    assert server.recv(100) == b"GET / HT"
    with pytest.raises(ConnectionResetError):
        server.recv(100)


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn publishes no types.
    def load_config(self) -> None: ...


class _Full:
    """A listener of a process that may open no more files."""

    def accept(self) -> None:
        raise OSError(errno.EMFILE, "Too many open files")


def test_a_process_that_may_open_no_more_files_goes_on() -> None:
    cfg = _Application().cfg
    worker = Worker(1, 1, [], None, 30, cfg, Logger(cfg))
    worker.accept(_Full())
    assert worker.alive
    assert worker.nr_conns == 0
    worker.tmp.close()
