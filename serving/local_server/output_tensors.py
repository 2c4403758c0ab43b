"""Output tensors as TensorFlow Serving writes them: typed fields, one value per element, never `tensor_content`.

Clients read `.float_val[0]`. Floating-point fields are packed on the wire exactly as they lie in memory, so they are
written by prepending a header; a million of them costs one copy instead of a million Python objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.serving_protos import DataType, TensorProto


@dataclass(frozen=True, slots=True)
class OutputTensor:
    """What the graph gave: `data` is the memory in row order; a DT_STRING tensor has `strings` instead."""

    dtype: int
    shape: tuple[int, ...]
    data: bytes = b""
    strings: Sequence[bytes] = ()

    def values(self) -> NDArray[Any]:
        """The elements, flat; raises KeyError for a type without a NumPy form."""
        return np.frombuffer(self.data, NUMPY_TYPES[self.dtype])


_STRING = int(DataType.DT_STRING)
_BIT_PATTERN = np.dtype(np.uint16)
NUMPY_TYPES: dict[int, np.dtype[Any]] = {
    DataType.DT_FLOAT: np.dtype(np.float32),
    DataType.DT_DOUBLE: np.dtype(np.float64),
    DataType.DT_INT32: np.dtype(np.int32),
    DataType.DT_UINT8: np.dtype(np.uint8),
    DataType.DT_INT16: np.dtype(np.int16),
    DataType.DT_INT8: np.dtype(np.int8),
    DataType.DT_COMPLEX64: np.dtype(np.complex64),
    DataType.DT_INT64: np.dtype(np.int64),
    DataType.DT_BOOL: np.dtype(np.bool_),
    DataType.DT_QINT8: np.dtype(np.int8),
    DataType.DT_QUINT8: np.dtype(np.uint8),
    DataType.DT_QINT32: np.dtype(np.int32),
    DataType.DT_QINT16: np.dtype(np.int16),
    DataType.DT_QUINT16: np.dtype(np.uint16),
    DataType.DT_UINT16: np.dtype(np.uint16),
    DataType.DT_COMPLEX128: np.dtype(np.complex128),
    DataType.DT_UINT32: np.dtype(np.uint32),
    DataType.DT_UINT64: np.dtype(np.uint64),
    DataType.DT_HALF: _BIT_PATTERN,
    DataType.DT_BFLOAT16: _BIT_PATTERN,
}
"""Memory layout by DataType; half and bfloat16 travel as their bit pattern."""

_PACKED_AS_IN_MEMORY = {
    DataType.DT_FLOAT: TensorProto.FLOAT_VAL_FIELD_NUMBER,
    DataType.DT_DOUBLE: TensorProto.DOUBLE_VAL_FIELD_NUMBER,
    DataType.DT_COMPLEX64: TensorProto.SCOMPLEX_VAL_FIELD_NUMBER,
    DataType.DT_COMPLEX128: TensorProto.DCOMPLEX_VAL_FIELD_NUMBER,
    DataType.DT_BOOL: TensorProto.BOOL_VAL_FIELD_NUMBER,  # One byte of 0 or 1 is its own varint.
}
_TYPED_FIELDS = {
    DataType.DT_INT64: "int64_val",
    DataType.DT_UINT32: "uint32_val",
    DataType.DT_UINT64: "uint64_val",
    DataType.DT_HALF: "half_val",
    DataType.DT_BFLOAT16: "half_val",
}
"""All other integers travel in `int_val`."""

_HANDLES = {int(DataType.DT_RESOURCE), int(DataType.DT_VARIANT)}
"""Their memory holds addresses in this process, so that type and shape is all that leaves it."""


def shape_text(shape: Sequence[int]) -> str:
    """As TensorFlow prints it: `[2,3]`."""
    return f"[{','.join(map(str, shape))}]"


def write_typed(tensor: OutputTensor, proto: TensorProto) -> None:
    """Fill the empty `proto` with `tensor`, in the typed field of its dtype."""
    if field := _PACKED_AS_IN_MEMORY.get(tensor.dtype):
        proto.MergeFromString(_head(tensor.dtype, tensor.shape) + _length_delimited(field, tensor.data))
        return
    proto.MergeFromString(_head(tensor.dtype, tensor.shape))
    if tensor.dtype == _STRING:
        proto.string_val.extend(tensor.strings)
    elif tensor.dtype in NUMPY_TYPES:
        getattr(proto, _TYPED_FIELDS.get(tensor.dtype, "int_val")).extend(tensor.values().tolist())
    elif tensor.dtype not in _HANDLES:
        proto.tensor_content = tensor.data


def write_content(tensor: OutputTensor, proto: TensorProto) -> None:
    """Fill the empty `proto` with raw bytes, for --enable_serialization_as_tensor_content; strings stay typed."""
    if tensor.dtype == _STRING or tensor.dtype in _HANDLES:
        write_typed(tensor, proto)
        return
    proto.MergeFromString(_head(tensor.dtype, tensor.shape))
    proto.tensor_content = tensor.data


@lru_cache(256)
def _head(dtype: int, shape: tuple[int, ...]) -> bytes:
    """Type and shape on the wire, kept because the answers to most requests have the same few."""
    proto = TensorProto(dtype=dtype)
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return bytes(proto.SerializeToString())


def _length_delimited(field: int, data: bytes) -> bytes:
    """One field of wire type 2: tag, length as a varint, bytes."""
    if not data:
        return b""
    header = bytearray([(field << 3) | 2])
    length = len(data)
    while length > 0x7F:
        header.append((length & 0x7F) | 0x80)
        length >>= 7
    header.append(length)
    return bytes(header) + data
