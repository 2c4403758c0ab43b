"""gunicorn's worker of threads, none of which a slow client keeps for long."""

from __future__ import annotations

import errno
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

STALL_S = 10.0
"""Bound of a single wait for a client, in reading or writing."""
READ_S = 20.0
"""Bound of all waits for the head and the body of one request."""
PAUSE_S = 0.05
"""So long nobody is let in while no more files may be opened."""
_EXHAUSTED = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn publishes no types.
    """Gives up a client that does not send its request to the end."""

    def accept(self, listener: Any) -> None:
        """As gunicorn's, which ends the process, with every answer under way, where it may open no more files."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self.log.warning("A connection waits: %s.", error.strerror)
            # Whoever knocks goes on knocking.
            time.sleep(PAUSE_S)

    def handle(self, conn: TConn) -> Any:
        """As gunicorn's: whether the connection is kept."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket.around(conn.sock)
        conn.sock.begin_request()
        return super().handle(conn)


class TimedSocket(socket.socket):
    """Adds up what a request waits in reading; beyond `read_s` seconds ConnectionResetError is raised.

    Of the errors there are, gunicorn writes no traceback for this one.
    """

    read_s = READ_S
    _waited_s = 0.0

    @classmethod
    def around(cls, accepted: socket.socket, *, stall_s: float = STALL_S) -> TimedSocket:
        """Take the connection over; `accepted` is of no more use.

        The kernel keeps the time of a single wait, as gunicorn lets its sockets block without end.
        """
        timed = cls(accepted.family, accepted.type, accepted.proto, accepted.detach())
        whole, part = divmod(stall_s, 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            timed.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(whole), int(part * 1e6)))
        return timed

    def begin_request(self) -> None:
        """Another request is read from here on."""
        self._waited_s = 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As a socket's."""
        begun = time.monotonic()
        try:
            data = super().recv(size, flags)
        except BlockingIOError:
            raise _too_slow() from None
        self._waited_s += time.monotonic() - begun
        if self._waited_s > self.read_s:
            raise _too_slow()
        return data


def _too_slow() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "The client is too slow.")
