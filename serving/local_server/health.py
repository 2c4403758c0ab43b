"""The standard gRPC health service, for --enable_grpc_healthcheck_service.

It knows nothing of models: once the port is open, `""`, `ModelService` and `PredictionService` are SERVING, as in the
original. Readiness of a version is what GetModelStatus says. `Watch` is left out: each watcher would hold a thread.
"""

from __future__ import annotations

from typing import Any

import grpc

from serving.local_server.extra_messages import HealthCheckRequest, HealthCheckResponse

SERVING = 1
_SERVICES = {"", "ModelService", "PredictionService"}


def health_handler() -> grpc.GenericRpcHandler:
    """`grpc.health.v1.Health/Check`."""

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in _SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, "")
        return HealthCheckResponse(status=SERVING)

    handler = grpc.unary_unary_rpc_method_handler(
        check,
        request_deserializer=HealthCheckRequest.FromString,
        response_serializer=HealthCheckResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": handler})
