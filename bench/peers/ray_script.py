"""Ray Serve on a SavedModel over gRPC; runs in Ray's own environment: `python ray_script.py VERSION PORT`.

A request is a BytesValue that holds rows of float32, so that parsing it costs next to nothing.
"""

from __future__ import annotations

import sys
import time

import grpc
import numpy as np
import ray
from google.protobuf.wrappers_pb2 import BytesValue
from ray import serve
from ray.serve.config import gRPCOptions

SERVICE = "bench.Rollcall"
METHODS = ("ServingDefault", "ServingDefaultBatched", "Explain")


def add_servicer(servicer: object, server: grpc.Server) -> None:
    """What a generated `add_..._to_server` would do."""
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            getattr(servicer, name),
            request_deserializer=BytesValue.FromString,
            response_serializer=BytesValue.SerializeToString,
        )
        for name in METHODS
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


@serve.deployment(max_ongoing_requests=64)
class Rollcall:
    """The signatures; `serving_default` also with Ray's batching."""

    def __init__(self, version: str, columns: int) -> None:
        import tensorflow as tf  # noqa: PLC0415 - it takes seconds, and only the process that serves needs it.

        self._constant, self._columns = tf.constant, columns
        self._loaded = tf.saved_model.load(version)

    def _run(self, signature: str, features: np.ndarray, output: str) -> np.ndarray:
        return self._loaded.signatures[signature](features=self._constant(features))[output].numpy()

    def _rows(self, request: BytesValue) -> np.ndarray:
        return np.frombuffer(request.value, np.float32).reshape(-1, self._columns)

    def ServingDefault(self, request: BytesValue) -> BytesValue:  # noqa: N802
        return BytesValue(value=self._run("serving_default", self._rows(request), "probabilities").tobytes())

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def ServingDefaultBatched(self, requests: list[BytesValue]) -> list[BytesValue]:  # noqa: N802
        rows = [self._rows(request) for request in requests]
        answer = self._run("serving_default", np.concatenate(rows), "probabilities")
        parts = np.split(answer, np.cumsum([len(each) for each in rows])[:-1])
        return [BytesValue(value=part.tobytes()) for part in parts]

    def Explain(self, request: BytesValue) -> BytesValue:  # noqa: N802
        return BytesValue(value=self._run("explain", self._rows(request), "contributions").tobytes())


def main(version: str, port: int, columns: int) -> None:
    """Serve until killed, without Ray's dashboard."""
    ray.init(include_dashboard=False, num_cpus=2, log_to_driver=False, _node_ip_address="127.0.0.1")
    options = gRPCOptions(port=port, grpc_servicer_functions=["ray_script.add_servicer"])
    serve.start(grpc_options=options, http_options={"host": "127.0.0.1", "port": port + 1})
    serve.run(Rollcall.bind(version, columns), name="rollcall", route_prefix="/")
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
