"""The services of TensorFlow Serving over gRPC. Thin: it names the methods and turns errors into gRPC's codes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from typing import Any

import grpc
from google.protobuf.message import Message

from contracts.serving_protos import (
    ClassificationRequest,
    GetModelMetadataRequest,
    GetModelStatusRequest,
    MultiInferenceRequest,
    PredictRequest,
    RegressionRequest,
    ReloadConfigRequest,
)
from serving.local_server.data_plane import DataPlane
from serving.local_server.errors import StatusError
from serving.local_server.health import health_handler
from serving.local_server.metrics import Metrics

MAX_ERROR_CHARACTERS = 1024
_NO_DEADLINE_S = 30 * 24 * 3600.0
_CODES = {code.value[0]: code for code in grpc.StatusCode}

Method = Callable[[Any, float | None], Message]
"""A request and the seconds left for it -> its answer; raises StatusError."""


def create_server(
    plane: DataPlane,
    metrics: Metrics,
    *,
    max_threads: int,
    channel_arguments: Iterable[tuple[str, str | int]] = (),
    health: bool = False,
) -> grpc.Server:
    """A server with all services, that still needs a port and `start`."""
    server = grpc.server(
        ThreadPoolExecutor(max_threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            *channel_arguments,
        ],
    )
    services: Mapping[str, Mapping[str, tuple[Method, type[Message]]]] = {
        "tensorflow.serving.PredictionService": {
            "Predict": (_counted(plane.predict, "Predict", metrics), PredictRequest),
            "Classify": (_counted(plane.examples.classify, "Classify", metrics), ClassificationRequest),
            "Regress": (_counted(plane.examples.regress, "Regress", metrics), RegressionRequest),
            "MultiInference": (plane.examples.multi_inference, MultiInferenceRequest),
            "GetModelMetadata": (lambda request, _: plane.metadata(request), GetModelMetadataRequest),
        },
        "tensorflow.serving.ModelService": {
            "GetModelStatus": (lambda request, _: plane.status(request), GetModelStatusRequest),
            "HandleReloadConfigRequest": (plane.reload, ReloadConfigRequest),
        },
    }
    for service, methods in services.items():
        handlers = {name: _handler(method, kind) for name, (method, kind) in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    if health:
        server.add_generic_rpc_handlers((health_handler(),))
    return server


def _counted(method: Method, api: str, metrics: Metrics) -> Method:
    """Count the outcome, and the time of what went well."""

    def answer(request: Any, timeout_s: float | None) -> Message:
        started = time.perf_counter()
        model = request.model_spec.name
        try:
            response = method(request, timeout_s)
        except StatusError as error:
            metrics.requests.add(model, error.name)
            raise
        metrics.requests.add(model, "OK")
        metrics.request_latency.observe((time.perf_counter() - started) * 1e6, model, api, "GRPC")
        return response

    return answer


def _handler(method: Method, request_type: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return method(request, _seconds_left(context))
        except StatusError as error:
            context.abort(_CODES[error.code], cut(error.message))
            raise

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=request_type.FromString, response_serializer=methodcaller("SerializeToString")
    )


def _seconds_left(context: grpc.ServicerContext) -> float | None:
    """Until the caller's deadline; gRPC gives a call without one the end of time."""
    left = context.time_remaining()
    return None if left is None or left > _NO_DEADLINE_S else left


def cut(text: str) -> str:
    """Error texts longer than gRPC's headers should be are cut, as in the original."""
    return text if len(text) <= MAX_ERROR_CHARACTERS else text[:MAX_ERROR_CHARACTERS] + "...TRUNCATED"
