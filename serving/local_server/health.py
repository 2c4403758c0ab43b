"""The standard gRPC health service, for --enable_grpc_healthcheck_service.

It knows nothing of models: once the port is open, `""`, `ModelService` and `PredictionService` are SERVING, as in the
original. Readiness of a version is what GetModelStatus says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from serving.local_server.extra_messages import HealthCheckRequest, HealthCheckResponse

SERVING, SERVICE_UNKNOWN = 1, 3
_SERVICES = {"", "ModelService", "PredictionService"}


def health_handler() -> grpc.GenericRpcHandler:
    """`grpc.health.v1.Health`, `Check` and `Watch`."""

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in _SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, "")
        return HealthCheckResponse(status=SERVING)

    def watch(request: Any, _: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
        """One message, and an open stream: nothing ever changes until the server goes."""
        send(HealthCheckResponse(status=SERVING if request.service in _SERVICES else SERVICE_UNKNOWN))

    # As in gRPC's own health servicer: a stream that waits must not hold one of the few threads.
    watch.experimental_non_blocking = True  # type: ignore[attr-defined]
    watch.experimental_thread_pool = None  # type: ignore[attr-defined]
    read, write = HealthCheckRequest.FromString, HealthCheckResponse.SerializeToString
    handlers: dict[str, Any] = {
        "Check": grpc.unary_unary_rpc_method_handler(check, request_deserializer=read, response_serializer=write),
        "Watch": grpc.unary_stream_rpc_method_handler(
            watch,
            request_deserializer=read,
            response_serializer=write,
        ),
    }
    return grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers)
