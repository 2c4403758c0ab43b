"""A connection whose client may keep a thread waiting only so long in one request, however it spreads its bytes."""

from __future__ import annotations

import errno
import select
import socket
import time
from threading import Semaphore
from typing import Any

STALL_S = 10.0
GRACE_S = 20.0
HURRIED_S = 0.25
LEAST_BYTES_PER_S = 8_192
"""What the slowest links still carry; whoever expects strangers puts a proxy in front that takes requests whole."""
_PIECE_BYTES = 65_536


class PacedSocket(socket.socket):
    """Adds up what a request waits for its client, in reading it and in writing the answer.

    That may be `GRACE_S`, and a second more for each `LEAST_BYTES_PER_S` that moved; at once `STALL_S` at most.
    Whoever waits takes one of `patient`; while none is left, `HURRIED_S` takes the place of `GRACE_S`, so that slow
    clients together do not hold every thread. Beyond it BlockingIOError is raised. The time in which we work does not
    count.
    """

    stall_s, grace_s, hurried_s = STALL_S, GRACE_S, HURRIED_S
    too_slow = False
    """Whether the client was given up."""
    _patient: Semaphore
    _waited_s = 0.0
    _moved = 0

    @classmethod
    def around(cls, accepted: socket.socket, patient: Semaphore) -> PacedSocket:
        """Take the connection over; `accepted` is of no more use."""
        paced = cls(accepted.family, accepted.type, accepted.proto, accepted.detach())
        paced._patient = patient
        return paced

    def begin_request(self) -> None:
        """Another request is read from here on."""
        self._waited_s, self._moved = 0.0, 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As a socket's."""
        while True:
            try:
                data = super().recv(size, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(select.POLLIN)
            else:
                self._moved += len(data)
                return data

    def send(self, data: Any, flags: int = 0) -> int:
        """As a socket's."""
        while True:
            try:
                sent = super().send(data, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(select.POLLOUT)
            else:
                self._moved += sent
                return sent

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As a socket's."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest, flags) :]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As a socket's, which itself would wait without end for whoever does not read."""
        file.seek(offset)
        sent = 0
        while piece := file.read(_PIECE_BYTES if count is None else min(_PIECE_BYTES, count - sent)):
            self.sendall(piece)
            sent += len(piece)
        return sent

    def _wait(self, event: int) -> None:
        """Until the client sends, or takes; raises BlockingIOError, at once where the socket was set not to block."""
        if self.gettimeout() == 0:
            raise _too_slow()
        mine = self._patient.acquire(blocking=False)
        try:
            left_s = (self.grace_s if mine else self.hurried_s) + self._moved / LEAST_BYTES_PER_S - self._waited_s
            begun = time.monotonic()
            poll = select.poll()
            poll.register(self, event)
            ready = left_s > 0 and poll.poll(1000 * min(left_s, self.stall_s))
            self._waited_s += time.monotonic() - begun
        finally:
            if mine:
                self._patient.release()
        if not ready:
            self.too_slow = True
            raise _too_slow()


def _too_slow() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, "The client is too slow.")
