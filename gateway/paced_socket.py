"""A connection whose client may keep a thread waiting only so long in one request, however it spreads its bytes."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

GRACE_S = 20.0
LEAST_BYTES_PER_S = 8_192
"""What the slowest links still carry; whoever expects strangers puts a proxy in front that takes requests whole."""
_PIECE_BYTES = 65_536


class PacedSocket(socket.socket):
    """Adds up what a request waits for its client, in reading it and in writing the answer.

    That may be `GRACE_S`, and a second more for each `LEAST_BYTES_PER_S` that moved; beyond it BlockingIOError is
    raised. A single wait is bounded by the kernel (gateway/stalls.py). The time in which we work does not count.
    """

    grace_s = GRACE_S
    _waited_s = 0.0
    _moved = 0

    @classmethod
    def around(cls, accepted: socket.socket) -> PacedSocket:
        """Take the connection over; `accepted` is of no more use."""
        return cls(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def begin_request(self) -> None:
        """Another request is read from here on."""
        self._waited_s, self._moved = 0.0, 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As a socket's."""
        begun = time.monotonic()
        data = super().recv(size, flags)
        self._add(time.monotonic() - begun, len(data))
        return data

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override] # gunicorn sends bytes.
        """As a socket's."""
        rest = memoryview(data)
        while rest:
            begun = time.monotonic()
            sent = super().send(rest, flags)
            self._add(time.monotonic() - begun, sent)
            rest = rest[sent:]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As a socket's, which itself would wait without end for whoever does not read."""
        file.seek(offset)
        sent = 0
        while piece := file.read(_PIECE_BYTES if count is None else min(_PIECE_BYTES, count - sent)):
            self.sendall(piece)
            sent += len(piece)
        return sent

    def _add(self, waited_s: float, moved: int) -> None:
        self._waited_s += waited_s
        self._moved += moved
        if self._waited_s > self.grace_s + self._moved / LEAST_BYTES_PER_S:
            raise BlockingIOError(errno.EAGAIN, "The client is too slow.")
