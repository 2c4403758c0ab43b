"""A real gRPC server that answers as TensorFlow Serving does, and fails as a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np

from contracts.features import F
from contracts.model import CLASSES, Description
from contracts.serving_protos import DataType, PredictRequest, PredictResponse
from contracts.tensors import from_proto, to_proto
from tests.gateway.fakes import DESCRIPTION


class ModelServer:
    """Serves `descriptions` (version -> what it says of itself) under the labels `stable` and `canary`, if it is set.

    `failures` are given first, one for each request, whatever it asks; `broken` versions always answer so. `answers`
    are the probabilities of a version that gives others than the usual ones; `slow` ones run `wait` before they answer.
    """

    def __init__(self) -> None:
        self.descriptions: dict[int, Description] = {1: DESCRIPTION}
        self.stable = 1
        self.canary: int | None = None
        self.broken: dict[int, grpc.StatusCode] = {}
        self.answers: dict[int, list[float]] = {}
        self.slow: dict[int, Callable[[], object]] = {}
        self.failures: list[grpc.StatusCode] = []
        self.change_answer: Callable[[PredictResponse], None] = lambda _: None
        self.hold = threading.Event()
        self.hold.set()
        self.requests: list[PredictRequest] = []
        self.metadata: list[dict[str, object]] = []
        self._server = grpc.server(ThreadPoolExecutor(4))
        handler = grpc.unary_unary_rpc_method_handler(
            self.predict,
            request_deserializer=PredictRequest.FromString,
            response_serializer=PredictResponse.SerializeToString,
        )
        service = "tensorflow.serving.PredictionService"
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Predict": handler})])
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def predict(self, request: PredictRequest, context: grpc.ServicerContext) -> PredictResponse:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.hold.wait(5)
        if self.failures:
            context.abort(self.failures.pop(0), "as the test wants it")
        spec = request.model_spec
        labels = {"stable": self.stable, "canary": self.canary}
        number = labels.get(spec.version_label) if spec.version_label else spec.version.value
        if number is None:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.version_label}"
            )
        if number not in self.descriptions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Specific(rollcall, {number})")
        if spec.signature_name != "describe":
            if number in self.broken:
                context.abort(self.broken[number], "as the test wants it")
            self.slow.get(number, lambda: None)()
        response = PredictResponse()
        response.model_spec.version.value = number
        if spec.signature_name == "describe":
            text = self.descriptions[number].to_json().encode()
            response.outputs["description"].dtype = DataType.DT_STRING
            response.outputs["description"].tensor_shape.dim.add(size=1)
            response.outputs["description"].string_val.append(text)
        else:
            rows = len(from_proto(request.inputs["features"]))
            outputs = {
                "probabilities": np.tile(np.float32(self.answers.get(number, [0.4, 0.3, 0.2, 0.1])), (rows, 1)),
                "confidence": np.full(rows, 0.5, np.float32),
                "contributions": np.full((rows, F, len(CLASSES)), number, np.float32),
            }
            for name, array in outputs.items():
                response.outputs[name].CopyFrom(to_proto(array))
        self.change_answer(response)
        return response

    def signatures(self) -> list[str]:
        return [request.model_spec.signature_name for request in self.requests]

    def stop(self) -> None:
        self.hold.set()
        self._server.stop(0).wait()

    def asked(self, version: int) -> list[str]:
        """The signatures that were asked of `version` by its number."""
        specs = [request.model_spec for request in self.requests]
        return [each.signature_name for each in specs if each.HasField("version") and each.version.value == version]
