"""What the tests of serving share: a client, a server in this process, requests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.protobuf import text_format

from bench.ports import free_port
from contracts.serving_protos import (
    ClassificationResponse,
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelServerConfig,
    MultiInferenceResponse,
    PredictRequest,
    PredictResponse,
    RegressionResponse,
    ReloadConfigRequest,
    ReloadConfigResponse,
)
from contracts.tensors import to_proto
from serving.local_server.flags import Flags
from serving.local_server.server import ModelServer
from serving.local_server.state_monitor import State


class Client:
    """Calls a server as TensorFlow Serving's clients do, over its own method names."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
        self.predict = self._method("PredictionService/Predict", PredictResponse)
        self.classify = self._method("PredictionService/Classify", ClassificationResponse)
        self.regress = self._method("PredictionService/Regress", RegressionResponse)
        self.multi_inference = self._method("PredictionService/MultiInference", MultiInferenceResponse)
        self.metadata = self._method("PredictionService/GetModelMetadata", GetModelMetadataResponse)
        self.status = self._method("ModelService/GetModelStatus", GetModelStatusResponse)
        self.reload = self._method("ModelService/HandleReloadConfigRequest", ReloadConfigResponse)

    def _method(self, name: str, answer: Any) -> Callable[..., Any]:
        call = self.channel.unary_unary(
            f"/tensorflow.serving.{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return lambda request, timeout=20: call(request, timeout=timeout)

    def run(self, model: str, signature: str = "", version: int | None = None, **inputs: Any) -> Any:
        """Predict with NumPy arrays (float32 or int32)."""
        request = predict_request(model, signature, **inputs)
        if version is not None:
            request.model_spec.version.value = version
        return self.predict(request)

    def states(self, model: str) -> dict[int, int]:
        """version -> state."""
        request = GetModelStatusRequest()
        request.model_spec.name = model
        return {row.version: row.state for row in self.status(request).model_version_status}

    def reload_text(self, config: ModelServerConfig, timeout: float = 20) -> Any:
        """HandleReloadConfigRequest."""
        return self.reload(ReloadConfigRequest(config=config), timeout)

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()


def predict_request(model: str, signature: str = "", **inputs: Any) -> PredictRequest:
    """A request with NumPy arrays (float32 or int32)."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(to_proto(np.asarray(value)))
    return request


def metadata_request(model: str, *fields: str) -> GetModelMetadataRequest:
    """A metadata request for the newest version."""
    request = GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = model
    return request


def model_list(*models: tuple[str, Path | str, str]) -> ModelServerConfig:
    """A configuration of (name, base path, more fields in text form) each."""
    lines = [
        f'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" {more} }}'
        for name, base, more in models
    ]
    return text_format.Parse("model_config_list { " + " ".join(lines) + " }", ModelServerConfig())


class RunningServer:
    """A server in this process, its client and its REST address."""

    def __init__(self, folder: Path, **flags: Any) -> None:
        self.socket = folder / "s"
        defaults = {"bind_address": "127.0.0.1", "max_num_load_retries": 0, "shutdown_grace_seconds": 5}
        values = defaults | {"port": 0, "grpc_socket_path": str(self.socket), "rest_api_port": free_port()} | flags
        # Loads give way to nobody here: on a machine that is busy with other work, a test would wait minutes for them.
        self.server = ModelServer(Flags(**values), niceness=0)
        self.server.start()
        self.client = Client(f"unix:{self.socket}")
        self.url = f"http://127.0.0.1:{self.server.rest_port}"

    def http(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and the JSON (or text) of the answer."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, _parse(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parse(error.read())

    def wait_for(self, model: str, version: int, state: State, timeout_s: float = 20) -> bool:
        """Wait until that version is in that state."""
        monitor = self.server.models.monitor

        def reached() -> bool:
            row = monitor.versions(model).get(version)
            return row is not None and row.state is state

        return monitor.wait_until(reached, timeout_s)

    def stop(self) -> None:
        """Stop both."""
        self.client.close()
        self.server.stop()


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        return body.decode("utf-8", "replace")
