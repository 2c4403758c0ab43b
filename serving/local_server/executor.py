"""Runs the graph of a SavedModel by TensorFlow's C library.

It loads a SavedModel by the C++ loader and runs it by the C++ session of TensorFlow Serving, so TF1 graphs and TF2
functions, signature aliases, and the texts of errors are the original's, and a call of a small graph costs 25 to 60
microseconds where a Python function takes 375.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping, Sequence
from ctypes import byref, c_char_p, c_size_t, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from contracts.serving_protos import ConfigProto, DataType, RunOptions, SignatureDef, TensorProto
from serving.local_server.errors import DeadlineExceeded, InvalidArgument, StatusError, Unimplemented
from serving.local_server.input_arrays import check_expansion
from serving.local_server.meta_graph import read_signatures
from serving.local_server.output_tensors import OutputTensor
from serving.local_server.tensorflow_library import Buffer, Endpoint, InputTensor, Status, TensorFlowLibrary

QUICK_RUN_S = 0.005
"""A run that took less than this is done by the calling thread the next time.

Handing it to TensorFlow's thread pool and back costs 30 to 80 microseconds, more than a small network takes. A longer
run goes to the pool, where operations run side by side and a time limit can stop it.
"""

LONG_RUN_S = 0.1
"""After a run that took longer, the allocator is asked to give back what it holds.

A run of a thousand explanations otherwise leaves 200 to 400 MB behind; giving it back takes about 10 ms.
"""

ONE_BY_ONE = "SINGLE_THREADED_EXECUTOR"
"""TensorFlow's name of the executor that runs a graph's operations one after another, in an order found once.

Finding what can run beside what costs more than it gains in small graphs: a row took 287 microseconds with TensorFlow's
usual executor and 211 with this one, and large batches needed a tenth less time of the processors. But the text of an
operation's error then lacks ` [[{{node ...}}]]`, which TensorFlow Serving's has, and a run past its deadline goes on to
its end in its thread, so it is used where it is asked for.
"""

MAX_PLANS = 256

_STRING_BYTES = 24
"""Size of a TF_TString, the element of a string tensor (tensorflow/core/platform/ctstring_internal.h)."""

_OLD_CONTROL_FLOW = {b"Switch", b"Merge", b"Enter", b"Exit", b"NextIteration", b"RefSwitch", b"RefMerge"}
_IN_THIS_THREAD = RunOptions(inter_op_thread_pool=-1).SerializeToString()
_STRING = int(DataType.DT_STRING)


@dataclass(slots=True)
class _Plan:
    """The ends of one kind of run, looked up once. `quick`: the last such run took less than QUICK_RUN_S."""

    inputs: Any
    outputs: Any
    quick: bool = False


class Executor:
    """One loaded SavedModel. `run` may be called by many threads at once; `close` by one, after the last run."""

    def __init__(
        self, library: TensorFlowLibrary, path: Path, tags: Sequence[str], options: ConfigProto | None = None
    ) -> None:
        """Load the SavedModel in folder `path`, restore its variables and run its initialiser; raises StatusError.

        All of it is done by the calling thread, and so at the priority of that thread.
        """
        self._library = library
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...]], _Plan] = {}
        chosen = ConfigProto()
        chosen.MergeFrom(options or chosen)
        if chosen.experimental.executor_type == ONE_BY_ONE and not self._loads_one_by_one(path, tags, chosen):
            chosen.experimental.ClearField("executor_type")
        if chosen.experimental.executor_type != ONE_BY_ONE:
            self._load(path, tags, chosen)
        # That executor waits for each function that an operation calls. In TensorFlow's pool, whose few threads run
        # these functions, as many requests at once as it has threads would wait for each other for ever.
        self._pool_is_shut = chosen.experimental.executor_type == ONE_BY_ONE

    def _loads_one_by_one(self, path: Path, tags: Sequence[str], options: ConfigProto) -> bool:
        """Load it so, unless it holds what ONE_BY_ONE cannot run: variables, branches or loops of TF1."""
        try:
            self._load(path, tags, options)
        except Unimplemented:
            return False
        if self._has_old_control_flow():
            self.close()
            return False
        return True

    def _load(self, path: Path, tags: Sequence[str], options: ConfigProto) -> None:
        library = self._library
        status, meta_graph = Status(library), library.new_buffer()
        config = options.SerializeToString()
        session_options, self._graph = library.new_options(), library.new_graph()
        try:
            library.set_config(session_options, config, len(config), status.handle)
            names = (c_char_p * len(tags))(*(tag.encode() for tag in tags))
            self._session = library.load(
                *(session_options, Buffer.of(_IN_THIS_THREAD), str(path).encode(), names, len(tags)),
                *(self._graph, meta_graph, status.handle),
            )
            status.check()
            self.signatures: Mapping[str, SignatureDef] = read_signatures(meta_graph.contents.view())
        except StatusError:
            library.delete_graph(self._graph)
            raise
        finally:
            library.delete_options(session_options)
            library.delete_buffer(meta_graph)

    def _has_old_control_flow(self) -> bool:
        """Whether TF1's branches or loops are in the graph, which ONE_BY_ONE cannot run."""
        position = c_size_t(0)
        while operation := self._library.next_operation(self._graph, byref(position)):
            if self._library.operation_type(operation) in _OLD_CONTROL_FLOW:
                return True
        return False

    def runner(self, signature: str) -> Self:  # noqa: ARG002 - one session runs them all.
        """This object."""
        return self

    def tensor(self, proto: TensorProto) -> InputTensor:
        """Move `proto` into TensorFlow's memory; raises InvalidArgument when it contradicts itself or is too large."""
        check_expansion(proto)
        return InputTensor(self._library, proto)

    def run(
        self,
        feeds: Mapping[str, InputTensor],
        fetches: Sequence[str],
        timeout_ms: int | None = None,
        *,
        in_this_thread: bool = False,
    ) -> list[OutputTensor]:
        """Compute `fetches` (names such as `add:0`) from `feeds`, in the order of `fetches`; raises StatusError.

        `in_this_thread`: by the calling thread alone, whatever it takes. TensorFlow's own threads have the priority of
        requests, and the first run of a signature, which optimises its graph, keeps one of them busy for seconds.
        """
        library, status, plan = self._library, Status(self._library), self._plan(tuple(feeds), tuple(fetches))
        values = (c_void_p * len(feeds))(*[tensor.handle for tensor in feeds.values()])
        results = (c_void_p * len(fetches))()
        options = (
            _IN_THIS_THREAD
            if plan.quick or in_this_thread or self._pool_is_shut
            else RunOptions(timeout_in_ms=timeout_ms or 0).SerializeToString()
        )
        started = time.perf_counter()
        library.run(
            *(self._session, Buffer.of(options), plan.inputs, values, len(feeds)),
            *(plan.outputs, results, len(fetches), None, 0, None, status.handle),
        )
        elapsed_s = time.perf_counter() - started
        plan.quick = elapsed_s < QUICK_RUN_S
        try:
            status.check()
            if timeout_ms is not None and elapsed_s * 1000 > timeout_ms:
                raise DeadlineExceeded("Timed out waiting for notification")
            return [self._read(handle) for handle in results if handle is not None]
        finally:
            for handle in results:
                if handle is not None:
                    library.delete_tensor(handle)
            if elapsed_s > LONG_RUN_S and not in_this_thread:
                library.trim(0)

    def close(self) -> None:
        """Free the session and its memory."""
        status = Status(self._library)
        self._library.close_session(self._session, status.handle)
        self._library.delete_session(self._session, status.handle)
        self._library.delete_graph(self._graph)

    def _plan(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> _Plan:
        plan = self._plans.get((feeds, fetches))
        if plan is None:
            inputs = (Endpoint * len(feeds))(*map(self._endpoint, feeds))
            outputs = (Endpoint * len(fetches))(*map(self._endpoint, fetches))
            plan = _Plan(inputs, outputs)
            if len(self._plans) < MAX_PLANS:  # An output_filter can ask for many sets; their number has a bound.
                self._plans[feeds, fetches] = plan
        return plan

    def _endpoint(self, name: str) -> Endpoint:
        """The graph's `operation:index`; raises InvalidArgument when the graph has none."""
        operation, _, index = name.partition(":")
        handle = self._library.operation(self._graph, operation.encode())
        if handle is None:
            raise InvalidArgument(
                f"Tensor {name}, specified in either feed_devices or fetch_devices was not found in the Graph"
            )
        return Endpoint(handle, int(index or 0))

    def _read(self, handle: int) -> OutputTensor:
        library = self._library
        shape = tuple(library.size(handle, axis) for axis in range(library.rank(handle)))
        dtype, address = library.dtype(handle), library.data(handle)
        if dtype != _STRING:
            return OutputTensor(dtype, shape, ctypes.string_at(address, library.byte_size(handle)))
        elements = range(address or 0, (address or 0) + library.byte_size(handle), _STRING_BYTES)
        return OutputTensor(
            dtype,
            shape,
            strings=[ctypes.string_at(library.string_data(at), library.string_size(at)) for at in elements],
        )
