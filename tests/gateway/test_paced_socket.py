from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.paced_socket import PacedSocket
from gateway.stalls import bound_stalls


class Impatient(PacedSocket):
    grace_s = 0.2


@pytest.fixture
def ends() -> Iterator[tuple[PacedSocket, socket.socket]]:
    """A connection: the server's end, which has little patience, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        bound_stalls(listener, 0.1)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        with client, Impatient.around(listener.accept()[0]) as server:
            yield server, client


def _trickle(client: socket.socket) -> None:
    try:
        while True:
            client.sendall(b"a")
            time.sleep(0.02)
    except OSError:
        return


def _read_on(server: socket.socket) -> None:
    for _ in range(1000):
        server.recv(100)


def test_bytes_that_come_one_by_one_end_after_the_grace(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    threading.Thread(target=_trickle, args=(client,), daemon=True).start()
    with pytest.raises(BlockingIOError):
        _read_on(server)


def test_each_request_has_its_own_grace(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    threading.Thread(target=_trickle, args=(client,), daemon=True).start()
    begun = time.monotonic()
    while time.monotonic() - begun < 4 * server.grace_s:
        server.begin_request()
        assert server.recv(100)


def test_an_answer_that_is_read_byte_by_byte_is_given_up(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends

    def read_slowly() -> None:
        try:
            while client.recv(1):
                time.sleep(0.005)
        except OSError:
            return

    threading.Thread(target=read_slowly, daemon=True).start()
    with pytest.raises(BlockingIOError):
        server.sendall(bytes(10_000_000))


def test_a_client_that_keeps_the_pace_gets_all_of_it(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    got = bytearray()

    def read_all() -> None:
        while data := client.recv(65536):
            got.extend(data)

    reading = threading.Thread(target=read_all)
    reading.start()
    server.sendall(b"a" * 1_000_000)
    server.sendfile(io.BytesIO(b"xx" + b"b" * 200_000 + b"yy"), offset=2, count=200_000)
    server.close()
    reading.join(20)
    assert bytes(got) == b"a" * 1_000_000 + b"b" * 200_000
