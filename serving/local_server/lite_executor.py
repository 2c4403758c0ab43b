"""Runs VERSION/model.tflite by LiteRT, for --prefer_tflite_model.

A row takes 10 to 20 microseconds, where TensorFlow's session takes 50. The package `ai-edge-litert` is the runtime that
TensorFlow itself names as the successor of its `tf.lite`; it needs nothing of TensorFlow.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from contracts.serving_protos import DataType, SignatureDef, TensorProto
from serving.local_server.errors import DeadlineExceeded, Internal, InvalidArgument
from serving.local_server.input_arrays import read_array
from serving.local_server.lite_signatures import signature_runners
from serving.local_server.output_tensors import NUMPY_TYPES, OutputTensor

_METHOD = "tensorflow/serving/predict"
_STRING = int(DataType.DT_STRING)
_BIT_PATTERNS = {DataType.DT_HALF, DataType.DT_BFLOAT16}
_QUANTIZED = {
    *(DataType.DT_QINT8, DataType.DT_QUINT8, DataType.DT_QINT16, DataType.DT_QUINT16, DataType.DT_QINT32),
}
_DATA_TYPES = {
    dtype: number for number, dtype in NUMPY_TYPES.items() if number not in _BIT_PATTERNS and number not in _QUANTIZED
}


class LiteExecutor:
    """One loaded model.tflite. `run` may be called by many threads at once, each with an interpreter of its own.

    A tensor is called `signature/alias`, since LiteRT runs signatures and not tensors of a graph.
    """

    def __init__(self, path: Path) -> None:
        """Load the file; raises InvalidArgument when it is no model."""
        self._content = path.read_bytes()  # Kept here, so that the folder may go while the version still answers.
        self._free: list[dict[str, Any]] = []
        try:
            interpreter = self._interpreter()
        except (ValueError, RuntimeError) as error:
            raise InvalidArgument(f"Could not load {path}: {error}") from error
        self.signatures: Mapping[str, SignatureDef] = {
            name: _signature(name, runner) for name, runner in interpreter.items()
        }
        self._free.append(interpreter)

    def tensor(self, proto: TensorProto) -> NDArray[Any]:
        """The tensor as an array; raises InvalidArgument."""
        return read_array(proto)

    def run(
        self,
        feeds: Mapping[str, NDArray[Any]],
        fetches: Sequence[str],
        timeout_ms: int | None = None,
        *,
        in_this_thread: bool = False,  # noqa: ARG002 - it always is.
    ) -> list[OutputTensor]:
        """Compute `fetches` (names such as `serving_default/probabilities`) from `feeds`; raises StatusError.

        A run cannot be stopped half-way; one that took longer than `timeout_ms` ends with DeadlineExceeded.
        """
        started = time.perf_counter()
        name = fetches[0].rpartition("/")[0]
        inputs = {feed.rpartition("/")[2]: value for feed, value in feeds.items()}
        try:
            interpreter = self._free.pop()
        except IndexError:
            interpreter = self._interpreter()
        try:
            results = interpreter[name](**inputs)
        except (ValueError, OverflowError) as error:  # An interpreter that has failed is not used again.
            raise InvalidArgument(str(error)) from error
        except RuntimeError as error:
            raise Internal(str(error)) from error
        self._free.append(interpreter)
        if timeout_ms is not None and (time.perf_counter() - started) * 1000 > timeout_ms:
            raise DeadlineExceeded("Timed out waiting for notification")
        return [_output(results[fetch.rpartition("/")[2]]) for fetch in fetches]

    def close(self) -> None:
        """Free the memory."""
        self._free.clear()
        self._content = b""

    def _interpreter(self) -> dict[str, Any]:
        """Signature -> its runner, of a new interpreter."""
        interpreter = Interpreter(model_content=self._content, num_threads=1)
        return signature_runners(interpreter, self._content)


def _signature(name: str, runner: Any) -> SignatureDef:
    signature = SignatureDef(method_name=_METHOD)
    for ends, details in (
        (signature.inputs, runner.get_input_details()),
        (signature.outputs, runner.get_output_details()),
    ):
        for alias, detail in details.items():
            info = ends[alias]
            info.name, info.dtype = f"{name}/{alias}", _data_type(np.dtype(detail["dtype"]))
            info.tensor_shape.SetInParent()
            for size in detail.get("shape_signature", detail["shape"]):
                info.tensor_shape.dim.add(size=int(size))
    return signature


def _output(array: NDArray[Any]) -> OutputTensor:
    dtype = _data_type(array.dtype)
    if dtype == _STRING:
        return OutputTensor(dtype, array.shape, strings=[bytes(each) for each in array.ravel()])
    return OutputTensor(dtype, array.shape, array.tobytes())


def _data_type(dtype: np.dtype[Any]) -> int:
    return _DATA_TYPES.get(dtype, _STRING)
