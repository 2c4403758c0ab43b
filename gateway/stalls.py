"""Connections on which nothing moves are given up, so that whoever sends half a request holds no thread for long."""

from __future__ import annotations

import socket
import struct

STALL_S = 10.0
"""Each byte that comes or goes starts the time anew."""


def bound_stalls(listener: socket.socket, seconds: float = STALL_S) -> None:
    """Let every connection that `listener` accepts fail by BlockingIOError after `seconds` in one read or write.

    The kernel keeps the time: gunicorn's worker sets its sockets to block without end before each request. Sockets
    that do not block, as those that wait between two requests, are not concerned.
    """
    whole, part = divmod(seconds, 1)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(whole), int(part * 1e6)))
