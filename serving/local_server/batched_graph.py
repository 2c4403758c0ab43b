"""A version whose requests are gathered: rows of several requests for the same signature run together.

Source: tensorflow_serving/batching/batching_session.cc.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any

import numpy as np

from contracts.serving_protos import DataType, SignatureDef, TensorProto
from serving.local_server.batch_queue import BatchQueue
from serving.local_server.batching_parameters import BatchingParameters
from serving.local_server.errors import FailedPrecondition, InvalidArgument
from serving.local_server.input_arrays import DTYPES as MERGED_DTYPES
from serving.local_server.input_arrays import read_array
from serving.local_server.metrics import Metrics
from serving.local_server.output_tensors import NUMPY_TYPES, OutputTensor
from serving.local_server.servable import Graph, SignatureRunner

Outputs = list[OutputTensor]
_STRING = int(DataType.DT_STRING)


@dataclass(frozen=True, slots=True)
class BatchTensor:
    """An input as it came, and as the runner takes it when it runs alone."""

    proto: TensorProto
    alone: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of all dimensions."""
        return tuple(dimension.size for dimension in self.proto.tensor_shape.dim)


Feeds = Mapping[str, BatchTensor]


class BatchedGraph:
    """Another Graph, which it owns. `slots` are shared by all versions: so many batches run at once."""

    def __init__(self, graph: Graph, parameters: BatchingParameters, slots: BoundedSemaphore, metrics: Metrics) -> None:
        self._graph, self._parameters, self._slots, self._metrics = graph, parameters, slots, metrics
        self._runners: dict[str, _BatchedRunner] = {}
        self.signatures: Mapping[str, SignatureDef] = graph.signatures

    def runner(self, signature: str) -> SignatureRunner:
        """What gathers the requests for that signature."""
        found = self._runners.get(signature)
        if found is None:
            made = _BatchedRunner(self._graph.runner(signature), self._parameters, self._slots, self._metrics)
            found = self._runners.setdefault(signature, made)
        return found

    def close(self) -> None:
        """Free the graph."""
        self._graph.close()


class _BatchedRunner:
    def __init__(
        self, runner: SignatureRunner, parameters: BatchingParameters, slots: BoundedSemaphore, metrics: Metrics
    ) -> None:
        self._runner, self._parameters, self._slots, self._metrics = runner, parameters, slots, metrics
        self._queues: dict[Any, BatchQueue[Feeds, Outputs]] = {}
        self._lock = Lock()

    def tensor(self, proto: TensorProto) -> BatchTensor:
        """Both forms; raises InvalidArgument when it contradicts itself."""
        return BatchTensor(proto, self._runner.tensor(proto))

    def run(
        self, feeds: Feeds, fetches: Sequence[str], timeout_ms: int | None = None, *, in_this_thread: bool = False
    ) -> Outputs:
        """The outputs of these rows alone, whatever ran beside them; raises StatusError."""
        if in_this_thread or not feeds or not all(tensor.proto.dtype in MERGED_DTYPES for tensor in feeds.values()):
            return self._runner.run(_alone(feeds), fetches, timeout_ms, in_this_thread=in_this_thread)
        rows = _rows(feeds)
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        if rows > self._parameters.max_batch_size and not self._parameters.splits:
            raise InvalidArgument(
                f"Task size {rows} is larger than maximum input batch size {self._parameters.max_batch_size}"
            )
        self._metrics.input_batch_size.observe(rows)
        queue = self._queue(feeds, tuple(fetches))
        largest = self._parameters.largest
        if rows <= largest:
            return queue.submit(feeds, rows, timeout_s)
        arrays = {name: read_array(tensor.proto) for name, tensor in feeds.items()}
        parts = []
        for start in range(0, rows, largest):
            piece = {name: self._merged(feeds[name], array[start : start + largest]) for name, array in arrays.items()}
            parts.append(queue.submit(piece, _rows(piece), timeout_s))
        return [_joined(tensors) for tensors in zip(*parts, strict=True)]

    def _queue(self, feeds: Feeds, fetches: tuple[str, ...]) -> BatchQueue[Feeds, Outputs]:
        """Only tensors of one dtype and of one shape but for the rows can run together."""
        key = (fetches, tuple((name, tensor.proto.dtype, tensor.shape[1:]) for name, tensor in feeds.items()))
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                pool = self._parameters.pool_name

                def waited(seconds: float) -> None:
                    self._metrics.queuing_latency.observe(seconds * 1e6, pool)

                queue = BatchQueue(
                    self._parameters, self._slots, lambda tasks, left_s: self._together(tasks, fetches, left_s), waited
                )
                if len(self._queues) < _MAX_QUEUES:
                    self._queues[key] = queue
            return queue

    def _together(self, tasks: Sequence[Feeds], fetches: Sequence[str], timeout_s: float | None) -> list[Outputs]:
        timeout_ms = None if timeout_s is None else max(1, int(timeout_s * 1000))
        sizes = [_rows(feeds) for feeds in tasks]
        total = sum(sizes)
        padded = self._parameters.padded(total)
        self._metrics.wrapped_runs.add()
        self._metrics.processed_batch_size.observe(padded)
        self._metrics.padding_size.observe(padded - total, str(padded))
        if len(tasks) == 1 and padded == total:
            return [self._runner.run(_alone(tasks[0]), fetches, timeout_ms)]
        merged = {}
        for name, first in tasks[0].items():
            arrays = [read_array(feeds[name].proto) for feeds in tasks]
            arrays += [arrays[0][:1]] * (padded - total)
            merged[name] = self._merged(first, np.concatenate(arrays)).alone
        outputs = self._runner.run(merged, fetches, timeout_ms)
        for tensor in outputs:
            if not tensor.shape or tensor.shape[0] != padded:
                raise FailedPrecondition(
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                    "input tensors"
                )
        results, start = [], 0
        for size in sizes:
            results.append([_slice(tensor, start, size) for tensor in outputs])
            start += size
        return results

    def _merged(self, like: BatchTensor, array: Any) -> BatchTensor:
        proto = TensorProto(dtype=like.proto.dtype)
        for size in array.shape:
            proto.tensor_shape.dim.add(size=size)
        if like.proto.dtype == _STRING:
            proto.string_val.extend(array.ravel().tolist())
        else:
            proto.tensor_content = np.ascontiguousarray(array).tobytes()
        return self.tensor(proto)


_MAX_QUEUES = 256
"""Further kinds of requests run unbatched: each gets a queue that nobody else finds."""


def _alone(feeds: Feeds) -> dict[str, Any]:
    return {name: tensor.alone for name, tensor in feeds.items()}


def _rows(feeds: Feeds) -> int:
    """The common first dimension; raises InvalidArgument."""
    shapes = [tensor.shape for tensor in feeds.values()]
    if not all(shapes):
        raise InvalidArgument("Batching Run() input tensors must have at least one dimension")
    if len({shape[0] for shape in shapes}) > 1:
        raise InvalidArgument("Batching Run() input tensors must have equal 0th-dimension size")
    return shapes[0][0]


def _slice(tensor: OutputTensor, start: int, rows: int) -> OutputTensor:
    shape = (rows, *tensor.shape[1:])
    width = math.prod(tensor.shape[1:])
    if tensor.dtype == _STRING:
        return OutputTensor(tensor.dtype, shape, strings=tensor.strings[start * width : (start + rows) * width])
    width *= NUMPY_TYPES[tensor.dtype].itemsize
    return OutputTensor(tensor.dtype, shape, tensor.data[start * width : (start + rows) * width])


def _joined(parts: Sequence[OutputTensor]) -> OutputTensor:
    first = parts[0]
    shape = (sum(part.shape[0] for part in parts), *first.shape[1:])
    strings = [text for part in parts for text in part.strings]
    return OutputTensor(first.dtype, shape, b"".join(part.data for part in parts), strings)
