"""Which model servers there are: those named one by one, and those behind a name of DNS."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

DNS = "dns:///"
"""Marks a name that stands for several servers, as in gRPC's own addresses."""

Resolve = Callable[..., Sequence[tuple[Any, ...]]]


class UnknownServers(Exception):  # noqa: N818 - it says what is the matter.
    """A name stands for no server."""


def find_servers(servers: Sequence[str], resolve: Resolve = socket.getaddrinfo) -> tuple[str, ...]:
    """host:port of every server; `dns:///name:port` becomes one for each address of the name. Raises UnknownServers."""
    found: list[str] = []
    for server in servers:
        found.extend(_behind(server.removeprefix(DNS), resolve) if server.startswith(DNS) else [server])
    return tuple(dict.fromkeys(found))


def _behind(server: str, resolve: Resolve) -> list[str]:
    name, _, port = server.rpartition(":")
    try:
        answers = resolve(name, int(port), type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnknownServers(f"The name {name} stands for no model server: {error.strerror or error}.") from error
    hosts = sorted({str(address[0]) for *_, address in answers})
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts]
