"""A relay in front of a model server that stops at a chosen call, so that its caller can be killed there."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import grpc


@dataclass(frozen=True, slots=True)
class Halt:
    """At the `call`th call of `method`; `after`: when the server behind has done it, but before its answer is told."""

    method: str
    call: int
    after: bool = False


class Relay(grpc.GenericRpcHandler):
    """Passes unary calls on as they are. `reached` is set when it halts, and `go_on` lets the call through."""

    def __init__(self, target: str, halt: Halt | None = None) -> None:
        self.reached, self.go_on = Event(), Event()
        self._halt, self._calls = halt, Counter[str]()
        self._channel = grpc.insecure_channel(target)
        self._server = grpc.server(ThreadPoolExecutor(8), handlers=[self])
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """gRPC's way to ask who handles a call."""
        method = handler_call_details.method
        forward = self._channel.unary_unary(method)

        def answer(request: bytes, context: grpc.ServicerContext) -> Any:
            name = method.rpartition("/")[2]
            self._calls[name] += 1
            here = (
                self._halt if self._halt and (name, self._calls[name]) == (self._halt.method, self._halt.call) else None
            )
            if here and not here.after:
                self._wait()
            try:
                response = forward(request, timeout=60)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            if here and here.after:
                self._wait()
            return response

        return grpc.unary_unary_rpc_method_handler(answer)

    def stop(self) -> None:
        """Let everything through and end."""
        self.go_on.set()
        self._server.stop(None).wait()
        self._channel.close()

    def _wait(self) -> None:
        self.reached.set()
        self.go_on.wait(60)
