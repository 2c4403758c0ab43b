from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from threading import Semaphore

import pytest

from gateway.paced_socket import PacedSocket


class Impatient(PacedSocket):
    stall_s, grace_s, hurried_s = 0.15, 0.4, 0.05


@pytest.fixture
def patient() -> Semaphore:
    return Semaphore(1)


@pytest.fixture
def ends(patient: Semaphore) -> Iterator[tuple[PacedSocket, socket.socket]]:
    """A connection: the server's end, which has little patience, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        with client, Impatient.around(listener.accept()[0], patient) as server:
            server.setblocking(True)
            yield server, client


def _in_background(work: Callable[[], object]) -> None:
    def until_the_end() -> None:
        try:
            while True:
                work()
        except OSError:
            return

    threading.Thread(target=until_the_end, daemon=True).start()


def _trickle(client: socket.socket) -> None:
    client.sendall(b"a")
    time.sleep(0.02)


def _read_on(server: socket.socket) -> None:
    for _ in range(1000):
        server.recv(100)


def test_half_a_request_is_waited_for_only_so_long(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    client.sendall(b"GET / HT")
    assert server.recv(100) == b"GET / HT"
    assert not server.too_slow
    with pytest.raises(BlockingIOError):
        server.recv(100)
    assert server.too_slow


def test_bytes_that_come_one_by_one_end_after_the_grace(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    _in_background(lambda: _trickle(client))
    with pytest.raises(BlockingIOError):
        _read_on(server)


def test_each_request_has_its_own_grace(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    _in_background(lambda: _trickle(client))
    begun = time.monotonic()
    while time.monotonic() - begun < 3 * server.grace_s:
        server.begin_request()
        assert server.recv(100)


def test_while_others_are_waited_for_there_is_less_patience(
    ends: tuple[PacedSocket, socket.socket], patient: Semaphore
) -> None:
    server, _ = ends
    patient.acquire()
    begun = time.monotonic()
    with pytest.raises(BlockingIOError):
        server.recv(100)
    assert time.monotonic() - begun < server.stall_s
    patient.release()
    server.begin_request()
    begun = time.monotonic()
    with pytest.raises(BlockingIOError):
        server.recv(100)
    assert time.monotonic() - begun >= server.stall_s - 0.01
    assert patient.acquire(blocking=False), "Whoever has waited makes room for others."


def test_an_answer_that_nobody_reads_or_byte_by_byte_is_given_up(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    with pytest.raises(BlockingIOError):
        server.sendall(bytes(10_000_000))

    def read_slowly() -> None:
        client.recv(1)
        time.sleep(0.005)

    server.begin_request()
    _in_background(read_slowly)
    with pytest.raises(BlockingIOError):
        server.sendall(bytes(10_000_000))


def test_a_socket_that_shall_not_block_does_not(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, _ = ends
    server.setblocking(False)
    begun = time.monotonic()
    with pytest.raises(BlockingIOError):
        server.recv(1)
    assert time.monotonic() - begun < server.hurried_s


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
