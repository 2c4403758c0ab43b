"""Runs the graph of a SavedModel by TensorFlow: the only file of `serving/` that touches it.

It calls TensorFlow's C library directly. `import tensorflow` takes 5 to 12 s and 540 MB here; opening the library that
this import would open takes 0.3 s, and the server as a whole stays near 400 MB. The C functions used are the ones that
TensorFlow publishes for other languages (Java, Go and Rust call the same). They load a SavedModel by the C++ loader and
run it by the C++ session of TensorFlow Serving, so TF1 graphs and TF2 functions, signature aliases, and the texts of
errors are the original's, and a call of a small graph costs 25 to 60 microseconds where a Python function takes 375.
There is no second way through `import tensorflow`: it opens the same library, so where this fails, that fails too.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Self

from contracts.serving_protos import ConfigProto, DataType, MetaGraphDef, RunOptions, SignatureDef, TensorProto
from serving.local_server.errors import DeadlineExceeded, InvalidArgument, StatusError, status_error
from serving.local_server.output_tensors import OutputTensor

QUICK_RUN_S = 0.005
"""A run that took less than this is done by the calling thread the next time.

Handing it to TensorFlow's thread pool and back costs 30 to 80 microseconds, more than a small network takes. A longer
run goes to the pool, where operations run side by side and a time limit can stop it.
"""

LONG_RUN_S = 0.1
"""After a run that took longer, the allocator is asked to give back what it holds.

A run of a thousand explanations otherwise leaves 200 to 400 MB behind; giving it back takes about 10 ms.
"""

MAX_PLANS = 256

_STRING_BYTES = 24
"""Size of a TF_TString, the element of a string tensor (tensorflow/core/platform/ctstring_internal.h)."""


_IN_THIS_THREAD = RunOptions(inter_op_thread_pool=-1).SerializeToString()
_FLOAT, _STRING = int(DataType.DT_FLOAT), int(DataType.DT_STRING)


class TensorFlowNotFound(Exception):  # noqa: N818 - it says what is the matter.
    """The package `tensorflow` or its C library is not installed, or is of an unknown layout."""


class _Buffer(ctypes.Structure):
    """TF_Buffer: bytes that somebody owns."""

    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Point at `data`, which the caller keeps alive."""
        return cls(ctypes.cast(c_char_p(data), c_void_p), len(data), None)


class _Endpoint(ctypes.Structure):
    """TF_Output: one output of one operation."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


class TensorFlowLibrary:
    """The functions of TensorFlow's C library, with their types.

    Calls that may take long release Python's lock; the others, all well below a microsecond, keep it.
    """

    def __init__(self, directory: Path) -> None:
        """Open the library in the `tensorflow` package at `directory`; raises TensorFlowNotFound."""
        framework, full = (
            ("libtensorflow_framework.2.dylib", "libtensorflow_cc.2.dylib")
            if sys.platform == "darwin"
            else ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
        )
        try:
            ctypes.CDLL(str(directory / framework))
            waiting, quick = ctypes.CDLL(str(directory / full)), ctypes.PyDLL(str(directory / full))
            self._declare(waiting, quick)
        except (OSError, AttributeError) as error:
            raise TensorFlowNotFound(f"TensorFlow's C library in {directory} cannot be used: {error}") from error

    def _declare(self, waiting: ctypes.CDLL, quick: ctypes.PyDLL) -> None:
        def function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
            declared = library[name]
            declared.restype, declared.argtypes = result, arguments
            return declared

        pointer = c_void_p
        self.version = function(quick, "TF_Version", c_char_p)
        self.new_status = function(quick, "TF_NewStatus", pointer)
        self.delete_status = function(quick, "TF_DeleteStatus", None, pointer)
        self.code = function(quick, "TF_GetCode", c_int, pointer)
        self.message = function(quick, "TF_Message", c_char_p, pointer)
        self.new_graph = function(quick, "TF_NewGraph", pointer)
        self.delete_graph = function(waiting, "TF_DeleteGraph", None, pointer)
        self.operation = function(quick, "TF_GraphOperationByName", pointer, pointer, c_char_p)
        self.new_options = function(quick, "TF_NewSessionOptions", pointer)
        self.delete_options = function(quick, "TF_DeleteSessionOptions", None, pointer)
        self.new_buffer = function(quick, "TF_NewBuffer", POINTER(_Buffer))
        self.delete_buffer = function(quick, "TF_DeleteBuffer", None, POINTER(_Buffer))
        self.set_config = function(quick, "TF_SetConfig", None, pointer, c_char_p, c_size_t, pointer)
        self.load = function(
            waiting,
            "TF_LoadSessionFromSavedModel",
            *(pointer, pointer, pointer, c_char_p, POINTER(c_char_p), c_int, pointer, POINTER(_Buffer), pointer),
        )
        self.run = function(
            waiting,
            "TF_SessionRun",
            *(None, pointer, POINTER(_Buffer), POINTER(_Endpoint), POINTER(pointer), c_int),
            *(POINTER(_Endpoint), POINTER(pointer), c_int, pointer, c_int, pointer, pointer),
        )
        self.close_session = function(waiting, "TF_CloseSession", None, pointer, pointer)
        self.delete_session = function(waiting, "TF_DeleteSession", None, pointer, pointer)
        self.allocate = function(quick, "TF_AllocateTensor", pointer, c_int, POINTER(c_int64), c_int, c_size_t)
        self.from_proto = function(quick, "TF_TensorFromProto", None, POINTER(_Buffer), pointer, pointer)
        self.delete_tensor = function(quick, "TF_DeleteTensor", None, pointer)
        self.dtype = function(quick, "TF_TensorType", c_int, pointer)
        self.rank = function(quick, "TF_NumDims", c_int, pointer)
        self.size = function(quick, "TF_Dim", c_int64, pointer, c_int)
        self.data = function(quick, "TF_TensorData", c_void_p, pointer)
        self.byte_size = function(quick, "TF_TensorByteSize", c_size_t, pointer)
        # Only the GNU C library has this; elsewhere the allocator decides by itself.
        self.trim: Callable[[int], int] = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
        self.string_data = function(quick, "TF_StringGetDataPointer", c_void_p, pointer)
        self.string_size = function(quick, "TF_StringGetSize", c_size_t, pointer)

    @classmethod
    def installed(cls) -> TensorFlowLibrary:
        """The library of the installed `tensorflow` package; raises TensorFlowNotFound."""
        spec = PathFinder.find_spec("tensorflow")
        if spec is None or not spec.submodule_search_locations:
            raise TensorFlowNotFound("The package `tensorflow` is not installed.")
        return cls(Path(next(iter(spec.submodule_search_locations))))


class Status:
    """TF_Status, freed with the object."""

    def __init__(self, library: TensorFlowLibrary) -> None:
        self._library = library
        self.handle = library.new_status()

    def check(self) -> None:
        """Raise the StatusError that TensorFlow reported, if any."""
        if code := self._library.code(self.handle):
            raise status_error(code, self._library.message(self.handle).decode("utf-8", "replace"))

    def __del__(self) -> None:
        self._library.delete_status(self.handle)


class InputTensor:
    """A tensor in TensorFlow's memory, freed with the object."""

    def __init__(self, library: TensorFlowLibrary, proto: TensorProto) -> None:
        """TensorFlow itself reads `proto`, in any of its forms; raises InvalidArgument when it cannot."""
        self._library = library
        self.handle = library.allocate(_FLOAT, None, 0, 4)
        status, data = Status(library), proto.SerializeToString()
        library.from_proto(_Buffer.of(data), self.handle, status.handle)
        status.check()

    def __del__(self) -> None:
        self._library.delete_tensor(self.handle)


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
        """Load the SavedModel in folder `path`, restore its variables and run its initialiser; raises StatusError."""
        self._library = library
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...]], _Plan] = {}
        status, meta_graph = Status(library), library.new_buffer()
        config = (options or ConfigProto()).SerializeToString()
        session_options, self._graph = library.new_options(), library.new_graph()
        try:
            library.set_config(session_options, config, len(config), status.handle)
            names = (c_char_p * len(tags))(*(tag.encode() for tag in tags))
            self._session = library.load(
                *(session_options, None, str(path).encode(), names, len(tags), self._graph, meta_graph, status.handle)
            )
            status.check()
            written = meta_graph.contents
            loaded = MetaGraphDef.FromString(ctypes.string_at(written.data, written.length))
        except StatusError:
            library.delete_graph(self._graph)
            raise
        finally:
            library.delete_options(session_options)
            library.delete_buffer(meta_graph)
        self.signatures: Mapping[str, SignatureDef] = dict(loaded.signature_def)

    def runner(self, signature: str) -> Self:  # noqa: ARG002 - one session runs them all.
        """This object."""
        return self

    def tensor(self, proto: TensorProto) -> InputTensor:
        """Move `proto` into TensorFlow's memory; raises InvalidArgument when it contradicts itself."""
        return InputTensor(self._library, proto)

    def run(
        self, feeds: Mapping[str, InputTensor], fetches: Sequence[str], timeout_ms: int | None = None
    ) -> list[OutputTensor]:
        """Compute `fetches` (names such as `add:0`) from `feeds`, in the order of `fetches`; raises StatusError."""
        library, status, plan = self._library, Status(self._library), self._plan(tuple(feeds), tuple(fetches))
        values = (c_void_p * len(feeds))(*[tensor.handle for tensor in feeds.values()])
        results = (c_void_p * len(fetches))()
        options = _IN_THIS_THREAD if plan.quick else RunOptions(timeout_in_ms=timeout_ms or 0).SerializeToString()
        started = time.perf_counter()
        library.run(
            *(self._session, _Buffer.of(options), plan.inputs, values, len(feeds)),
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
            if elapsed_s > LONG_RUN_S:
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
            inputs = (_Endpoint * len(feeds))(*map(self._endpoint, feeds))
            outputs = (_Endpoint * len(fetches))(*map(self._endpoint, fetches))
            plan = _Plan(inputs, outputs)
            if len(self._plans) < MAX_PLANS:  # An output_filter can ask for many sets; their number has a bound.
                self._plans[feeds, fetches] = plan
        return plan

    def _endpoint(self, name: str) -> _Endpoint:
        """The graph's `operation:index`; raises InvalidArgument when the graph has none."""
        operation, _, index = name.partition(":")
        handle = self._library.operation(self._graph, operation.encode())
        if handle is None:
            raise InvalidArgument(
                f"Tensor {name}, specified in either feed_devices or fetch_devices was not found in the Graph"
            )
        return _Endpoint(handle, int(index or 0))

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
