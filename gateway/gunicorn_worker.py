"""gunicorn's worker of threads, whose one accepting thread waits for nobody."""

from __future__ import annotations

import errno
import socket
import time
from threading import Semaphore
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from gateway.paced_socket import PacedSocket

FIRST_BYTE_S = 0.05
"""How long a thread waits for the first byte of a new connection; those that wait longer need none."""
LINGER_S = 1.0
_MOST_BYTES = 65_536
PAUSE_S = 0.05
"""So long nobody is let in while no more files may be opened."""
_EXHAUSTED = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn publishes no types.
    """Bounds what a slow client may take of a thread, and says goodbye to it in the thread that served it.

    gunicorn itself does that in the thread that accepts everybody, for up to two seconds for each client that does not
    close its end: a few such clients would keep all others out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # At least half of the threads serve those who do not keep us waiting.
        self._patient = Semaphore(max(1, self.cfg.threads // 2))

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
        if not conn.initialized and not conn.wait_for_data(FIRST_BYTE_S):
            return _DEFER
        if not isinstance(conn.sock, PacedSocket):
            conn.sock = PacedSocket.around(conn.sock, self._patient)
        conn.sock.begin_request()
        kept = super().handle(conn)
        if kept is False:
            linger(conn.sock, 0.0 if conn.sock.too_slow else LINGER_S)
        return kept


def linger(connection: socket.socket, seconds: float = LINGER_S) -> None:
    """Let the client read its answer to the end, as RFC 9112 section 9.6 asks, then leave nothing to wait for."""
    until = time.monotonic() + seconds
    try:
        connection.shutdown(socket.SHUT_WR)
        for _ in range(_MOST_BYTES // 4096):
            connection.settimeout(max(0.001, until - time.monotonic()))
            if not connection.recv(4096):
                break
        connection.shutdown(socket.SHUT_RD)
    except TimeoutError:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        return
