"""Every server of the benchmark behind one form: start it, get a client for a case, stop it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
from google.protobuf.wrappers_pb2 import BytesValue
from numpy.typing import NDArray

from bench.peers import empty_server
from bench.peers.calls import Client, grpc_client, http_client, works
from bench.peers.environment import PeerAbsent, prepared
from bench.peers.process import free_port, running
from contracts.model import FEATURES, MODEL_NAME
from contracts.serving_protos import PredictRequest
from contracts.tensors import to_proto
from serving.launch import LOCAL_ONLY

PREDICT_METHOD = "/tensorflow.serving.PredictionService/Predict"
_HERE = Path(__file__).parent
_PEER_START_S = 150.0

Rows = NDArray[np.float32]

ClientOf = Callable[[str, Rows, bool], Client]
"""Signature, features float32[n, F], whether the server may gather requests of several clients -> a client."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A running server. `gathers`: it offers batching, which is then measured too, and the better figure counts."""

    client: ClientOf
    gathers: bool = False


def predict_request(signature: str, rows: Rows, version: int | None = None) -> bytes:
    """Predict of TensorFlow Serving's API."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = MODEL_NAME, signature
    if version is not None:
        request.model_spec.version.value = version
    request.inputs[FEATURES].CopyFrom(to_proto(rows))
    return bytes(request.SerializeToString())


@contextlib.contextmanager
def floor(_: Path, __: Rows) -> Iterator[Contender]:
    """The empty call."""
    port = free_port()
    client = grpc_client(f"127.0.0.1:{port}", empty_server.METHOD, b"")
    command = [sys.executable, "-m", "bench.peers.empty_server", str(port)]
    with running(command, lambda: works(client)):
        yield Contender(lambda *_: client)


def local_server(*flags: str) -> Callable[[Path, Rows], contextlib.AbstractContextManager[Contender]]:
    """The local model server as `make run` starts it, with more flags."""

    @contextlib.contextmanager
    def start(version: Path, sample: Rows) -> Iterator[Contender]:
        port = free_port()

        def client(signature: str, rows: Rows, _: bool) -> Client:
            return grpc_client(f"127.0.0.1:{port}", PREDICT_METHOD, predict_request(signature, rows))

        command = [
            *(sys.executable, "-m", "serving.local_server", f"--port={port}", "--bind_address=127.0.0.1"),
            *(f"--model_name={MODEL_NAME}", f"--model_base_path={version.parent}", *LOCAL_ONLY, *flags),
        ]
        with running(command, lambda: works(client("serving_default", sample, False))):
            yield Contender(client)

    return start


@contextlib.contextmanager
def mlserver(version: Path, sample: Rows) -> Iterator[Contender]:
    """MLServer over gRPC with raw contents."""
    python = prepared("mlserver", "mlserver==1.7.1", _tensorflow())
    port = free_port(2)
    script = [str(python), "mlserver_script.py"]

    def client(signature: str, rows: Rows, gather: bool) -> Client:
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file, rows)
            file.flush()
            command = [*script, "request", signature, file.name, "batched" if gather else "plain"]
            request = subprocess.run(command, check=True, capture_output=True, cwd=_HERE, timeout=60).stdout
        return grpc_client(f"127.0.0.1:{port}", "/inference.GRPCInferenceService/ModelInfer", request)

    asked = client("explain", sample, True)  # The model that is loaded last.
    command = [*script, "serve", str(version), str(port)]
    with running(command, lambda: works(asked), cwd=_HERE, timeout_s=_PEER_START_S):
        yield Contender(client, gathers=True)


@contextlib.contextmanager
def bentoml(version: Path, sample: Rows) -> Iterator[Contender]:
    """BentoML over HTTP, which is all that it speaks."""
    python = prepared("bentoml", "bentoml==1.4.39", _tensorflow())
    port = free_port()

    def client(signature: str, rows: Rows, gather: bool) -> Client:
        path = f"/{signature}" + ("_batched" if gather and signature == "serving_default" else "")
        body = json.dumps({"features": rows.tolist()}).encode()
        return http_client("127.0.0.1", port, path, body)

    asked = client("serving_default", sample, False)
    command = [
        *(str(python), "-m", "bentoml", "serve", "bentoml_script:Rollcall", "--host", "127.0.0.1"),
        *("--port", str(port)),
    ]
    quiet = {"BENCH_VERSION": str(version), "BENTOML_DO_NOT_TRACK": "true"}
    with running(command, lambda: works(asked), cwd=_HERE, environment=quiet, timeout_s=_PEER_START_S):
        yield Contender(client, gathers=True)


@contextlib.contextmanager
def ray_serve(version: Path, sample: Rows) -> Iterator[Contender]:
    """Ray Serve over gRPC."""
    python = prepared("ray", "ray[serve]==2.60.0", _tensorflow())
    port = free_port()

    def client(signature: str, rows: Rows, gather: bool) -> Client:
        method = {"serving_default": "ServingDefault", "explain": "Explain"}[signature]
        method += "Batched" if gather and signature == "serving_default" else ""
        request = BytesValue(value=rows.tobytes()).SerializeToString()
        return grpc_client(f"127.0.0.1:{port}", f"/bench.Rollcall/{method}", request)

    asked = client("serving_default", sample, False)
    command = [str(python), "ray_script.py", str(version), str(port), str(sample.shape[1])]
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(_HERE)}
    with running(command, lambda: works(asked), cwd=_HERE, environment=quiet, timeout_s=_PEER_START_S):
        yield Contender(client, gathers=True)


PEERS = {"mlserver": mlserver, "bentoml": bentoml, "ray-serve": ray_serve}


def _tensorflow() -> str:
    """The same TensorFlow as ours, so that only the servers differ."""
    for package in ("tensorflow-cpu", "tensorflow"):
        with contextlib.suppress(ModuleNotFoundError):
            return f"{package}=={installed(package)}"
    raise PeerAbsent("TensorFlow is not installed here.")
