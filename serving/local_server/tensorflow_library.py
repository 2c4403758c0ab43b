"""TensorFlow's C library: the only file of `serving/` that touches TensorFlow.

`import tensorflow` takes 5 to 12 s and 540 MB here; opening the library that this import would open takes 0.3 s, and
the server as a whole stays near 400 MB. The functions used are the ones that TensorFlow publishes for other languages
(Java, Go and Rust call the same). There is no second way through `import tensorflow`: it opens the same library, so
where this fails, that fails too.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Self

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.errors import status_error

_FLOAT = int(DataType.DT_FLOAT)


class TensorFlowNotFound(Exception):  # noqa: N818 - it says what is the matter.
    """The package `tensorflow` or its C library is not installed, or is of an unknown layout."""


class Buffer(ctypes.Structure):
    """TFBuffer: bytes that somebody owns."""

    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Point at `data`, which the caller keeps alive."""
        return cls(ctypes.cast(c_char_p(data), c_void_p), len(data), None)

    def view(self) -> memoryview:
        """The bytes where they lie; valid as long as the buffer."""
        return memoryview((ctypes.c_char * self.length).from_address(self.data or 0)).cast("B")


class Endpoint(ctypes.Structure):
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
        self.next_operation = function(quick, "TF_GraphNextOperation", pointer, pointer, POINTER(c_size_t))
        self.operation_type = function(quick, "TF_OperationOpType", c_char_p, pointer)
        self.new_options = function(quick, "TF_NewSessionOptions", pointer)
        self.delete_options = function(quick, "TF_DeleteSessionOptions", None, pointer)
        self.new_buffer = function(quick, "TF_NewBuffer", POINTER(Buffer))
        self.delete_buffer = function(quick, "TF_DeleteBuffer", None, POINTER(Buffer))
        self.set_config = function(quick, "TF_SetConfig", None, pointer, c_char_p, c_size_t, pointer)
        self.load = function(
            waiting,
            "TF_LoadSessionFromSavedModel",
            *(pointer, pointer, POINTER(Buffer), c_char_p, POINTER(c_char_p), c_int),
            *(pointer, POINTER(Buffer), pointer),
        )
        self.run = function(
            waiting,
            "TF_SessionRun",
            *(None, pointer, POINTER(Buffer), POINTER(Endpoint), POINTER(pointer), c_int),
            *(POINTER(Endpoint), POINTER(pointer), c_int, pointer, c_int, pointer, pointer),
        )
        self.close_session = function(waiting, "TF_CloseSession", None, pointer, pointer)
        self.delete_session = function(waiting, "TF_DeleteSession", None, pointer, pointer)
        self.allocate = function(quick, "TF_AllocateTensor", pointer, c_int, POINTER(c_int64), c_int, c_size_t)
        self.from_proto = function(quick, "TF_TensorFromProto", None, POINTER(Buffer), pointer, pointer)
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
        library.from_proto(Buffer.of(data), self.handle, status.handle)
        status.check()

    def __del__(self) -> None:
        self._library.delete_tensor(self.handle)
