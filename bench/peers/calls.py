"""One request, made ready once and sent over and over by one client; raises CallFailed."""

from __future__ import annotations

import http.client
from collections.abc import Callable

import grpc

CALL_TIMEOUT_S = 180.0

Call = Callable[[], object]
"""Sends the request and waits for its answer."""

Client = Callable[[], Call]
"""Opens a connection of its own; each client of a load has one."""


class CallFailed(Exception):  # noqa: N818 - it says what became of it.
    """The server refused or did not answer."""


def grpc_client(address: str, method: str, request: bytes) -> Client:
    """Bytes in, bytes out, so that every server is asked at the same cost."""

    def connect() -> Call:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
        call = grpc.insecure_channel(address, options=options).unary_unary(method)

        def ask() -> object:
            try:
                return call(request, timeout=CALL_TIMEOUT_S)
            except grpc.RpcError as error:
                raise CallFailed(f"{method}: {error}") from error

        return ask

    return connect


def http_client(host: str, port: int, path: str, body: bytes | Callable[[], bytes]) -> Client:
    """A POST over one connection that is kept; `body` is sent each time, or what it gives."""

    def connect() -> Call:
        connection = http.client.HTTPConnection(host, port, timeout=CALL_TIMEOUT_S)

        def ask() -> object:
            try:
                connection.request(
                    "POST", path, body() if callable(body) else body, {"Content-Type": "application/json"}
                )
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise CallFailed(f"{path}: {error}") from error
            if response.status != 200:
                raise CallFailed(f"{path}: {response.status} {answer[:200]!r}")
            return answer

        return ask

    return connect


def works(client: Client) -> bool:
    """Whether one request is answered."""
    try:
        client()()
    except CallFailed:
        return False
    return True
