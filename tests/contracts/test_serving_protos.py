"""The messages come without TensorFlow, and TensorFlow can still come after them."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_messages_load_neither_tensorflow_nor_pandas() -> None:
    loaded = run(
        "import sys; import contracts.serving_protos; from tensorflow_serving.apis import prediction_service_pb2_grpc;"
        "print([name for name in ('tensorflow', 'pandas', 'keras') if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_the_real_tensorflow_can_be_imported_afterwards() -> None:
    result = run(
        "from contracts.serving_protos import TensorProto; import tensorflow as tf;"
        "print(isinstance(tf.make_tensor_proto([1.0]), TensorProto))"
    )
    assert result.strip() == "True"
