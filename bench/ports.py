"""Ports for servers that are told where to listen before they start."""

from __future__ import annotations

import contextlib
import secrets
import socket

_FIRST, _LAST = 10_000, 32_000
"""Below the ports that Linux and macOS hand out by themselves, to port 0 and to outgoing connections.

One of those may be handed out again between its release here and its use by a server that takes seconds to start.
"""
_TRIES = 100


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """So many ports in a row that nobody listens on; raises OSError when there are none."""
    for _ in range(_TRIES):
        first = _FIRST + secrets.randbelow(_LAST - _FIRST - count)
        ports = list(range(first, first + count))
        with contextlib.ExitStack() as stack:
            try:
                for port in ports:
                    stack.enter_context(socket.socket()).bind((host, port))
            except OSError:
                continue
            return ports
    raise OSError(f"no {count} free ports in a row")


def free_port() -> int:
    """One port that nobody listens on; raises OSError when there is none."""
    return free_ports(1)[0]
