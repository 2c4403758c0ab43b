"""One model server, seen over gRPC: TensorFlow Serving's container and the local server alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import grpc
import numpy as np
from numpy.typing import NDArray

from contracts.model import MODEL_NAME
from contracts.serving_protos import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelServerConfig,
    PredictRequest,
    PredictResponse,
    ReloadConfigRequest,
    ReloadConfigResponse,
    SignatureDef,
    SignatureDefMap,
)
from contracts.tensors import from_proto, to_proto

STATES = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
CALL_TIMEOUT_S = 10.0
RELOAD_TIMEOUT_S = 60.0


class ReplicaError(Exception):
    """A server refused a call or did not answer; `code` is gRPC's name for it."""

    def __init__(self, server: str, code: str, reason: str) -> None:
        super().__init__(f"{server}: {code}: {reason}")
        self.server, self.code = server, code


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """The state of a version on one server, and the error that ended it."""

    state: str
    error: str = ""


class Replica:
    """Calls one server; every call has a deadline and raises ReplicaError. Use it as a context."""

    def __init__(self, address: str) -> None:
        """`address`: host:port, or unix:path."""
        self.address = address
        self._channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
        self._predict = self._method("PredictionService/Predict", PredictResponse)
        self._metadata = self._method("PredictionService/GetModelMetadata", GetModelMetadataResponse)
        self._status = self._method("ModelService/GetModelStatus", GetModelStatusResponse)
        self._reload = self._method("ModelService/HandleReloadConfigRequest", ReloadConfigResponse, RELOAD_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def versions(self) -> dict[int, VersionStatus]:
        """Every version that the server has seen; empty when it has seen none."""
        request = GetModelStatusRequest()
        request.model_spec.name = MODEL_NAME
        try:
            rows = self._status(request).model_version_status
        except ReplicaError as error:
            if error.code == "NOT_FOUND":
                return {}
            raise
        return {
            row.version: VersionStatus(STATES.get(row.state, str(row.state)), row.status.error_message) for row in rows
        }

    def reload(self, config: ModelServerConfig) -> None:
        """Put `config` in force; versions of a known model may still be loading when this returns."""
        self._reload(ReloadConfigRequest(config=config))

    def labelled(self, label: str) -> int | None:
        """The version that `label` points to on this server; None where it is unknown or its version is away."""
        request = GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name, request.model_spec.version_label = MODEL_NAME, label
        try:
            return int(self._metadata(request).model_spec.version.value)
        except ReplicaError as error:
            if error.code in {"NOT_FOUND", "INVALID_ARGUMENT"}:
                return None
            raise

    def signatures(self, version: int) -> Mapping[str, SignatureDef]:
        """The signatures of a version."""
        request = GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name, request.model_spec.version.value = MODEL_NAME, version
        signatures = SignatureDefMap()
        self._metadata(request).metadata["signature_def"].Unpack(signatures)
        return dict(signatures.signature_def)

    def run(self, version: int, signature: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The outputs of one signature of a version."""
        request = PredictRequest()
        request.model_spec.name, request.model_spec.version.value = MODEL_NAME, version
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(to_proto(np.asarray(value)))
        return {name: from_proto(proto) for name, proto in self._predict(request).outputs.items()}

    def _method(self, name: str, answer: Any, timeout_s: float = CALL_TIMEOUT_S) -> Callable[[Any], Any]:
        call: Callable[..., Any] = self._channel.unary_unary(
            f"/tensorflow.serving.{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

        def ask(request: Any) -> Any:
            try:
                return call(request, timeout=timeout_s)
            except grpc.RpcError as error:
                raise ReplicaError(self.address, error.code().name, error.details() or "") from error

        return ask
