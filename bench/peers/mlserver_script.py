"""MLServer on a SavedModel; runs in MLServer's own environment.

`python mlserver_script.py serve VERSION PORT` answers gRPC, `... request SIGNATURE ROWS.npy PLAIN|BATCHED` writes the
bytes of one request to standard output.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.grpc.dataplane_pb2 import ModelInferRequest
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse

SIGNATURES = ("serving_default", "explain")


class SavedModel(MLModel):
    """One signature of a SavedModel as a custom runtime, as MLServer's documents show."""

    async def load(self) -> bool:
        """Load by TensorFlow and run once."""
        import tensorflow as tf  # noqa: PLC0415 - it takes seconds, and only the process that serves needs it.

        self._constant = tf.constant
        self._loaded = tf.saved_model.load(self.settings.parameters.uri)
        self._run = self._loaded.signatures[self.settings.parameters.extra["signature"]]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """`features` in, every output of the signature out."""
        features = NumpyCodec.decode_input(payload.inputs[0])
        results = self._run(features=self._constant(features))
        outputs = [NumpyCodec.encode_output(name, value.numpy()) for name, value in results.items()]
        return InferenceResponse(model_name=self.name, outputs=outputs)


def settings(version: str, signature: str, batched: bool) -> ModelSettings:
    """MLServer batches by model, so each signature is offered twice."""
    return ModelSettings(
        name=f"{signature}-{'batched' if batched else 'plain'}",
        implementation="mlserver_script.SavedModel",
        max_batch_size=64 if batched else 0,
        max_batch_time=0.002 if batched else 0.0,
        parameters=ModelParameters(uri=version, extra={"signature": signature}),
    )


async def serve(version: str, port: int) -> None:
    """Without parallel workers, which crash with the current uvloop."""
    server = MLServer(
        Settings(
            host="127.0.0.1",
            http_port=port + 1,
            grpc_port=port,
            metrics_port=port + 2,
            parallel_workers=0,
            debug=False,
        )
    )
    models = [settings(version, signature, batched) for signature in SIGNATURES for batched in (False, True)]
    await server.start(models)


def request(signature: str, rows: str, kind: str) -> bytes:
    """One ModelInferRequest with raw contents, the cheapest form."""
    features = np.load(rows)
    message = ModelInferRequest(model_name=f"{signature}-{kind}")
    message.inputs.add(name="features", datatype="FP32", shape=features.shape)
    message.raw_input_contents.append(features.tobytes())
    return message.SerializeToString()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
    else:
        sys.stdout.buffer.write(request(*sys.argv[2:]))
