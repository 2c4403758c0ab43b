"""Input tensors as NumPy arrays, where TensorFlow does not read TensorProto itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.errors import InvalidArgument
from serving.local_server.output_tensors import NUMPY_TYPES

_FIELDS = {
    DataType.DT_FLOAT: "float_val",
    DataType.DT_DOUBLE: "double_val",
    DataType.DT_BOOL: "bool_val",
    DataType.DT_INT8: "int_val",
    DataType.DT_UINT8: "int_val",
    DataType.DT_INT16: "int_val",
    DataType.DT_UINT16: "int_val",
    DataType.DT_INT32: "int_val",
    DataType.DT_UINT32: "uint32_val",
    DataType.DT_INT64: "int64_val",
    DataType.DT_UINT64: "uint64_val",
    DataType.DT_STRING: "string_val",
}

_FIELD_TYPES = {"int_val": np.int32, "uint32_val": np.uint32, "int64_val": np.int64, "uint64_val": np.uint64}
_STRING = int(DataType.DT_STRING)  # Looked up once: the enumeration takes microseconds for every name.

DTYPES = frozenset(_FIELDS)
"""What `read_array` reads."""


MAX_EXPANDED = 2**24
"""The most elements of a tensor that does not hold all of its values.

One value may stand for a whole shape. A message of thirty bytes can so ask for all memory of the machine; TensorFlow
would set out to fill it, or wait ten seconds for it, while no other request runs.
"""


def check_expansion(proto: TensorProto) -> int:
    """The number of elements; raises InvalidArgument where a few values stand for more than MAX_EXPANDED."""
    elements = 1
    for dimension in proto.tensor_shape.dim:
        elements *= dimension.size
    if elements > MAX_EXPANDED and elements > proto.ByteSize():
        raise InvalidArgument(f"Invalid TensorProto: {elements} elements of which few are given")
    return elements


def read_array(proto: TensorProto) -> NDArray[Any]:
    """The tensor in its shape, strings as an object array of bytes; reads what TensorFlow reads.

    Where a typed field is shorter than the shape its last value is repeated, where it is empty there are zeros, and
    what is too much is left. Raises InvalidArgument for a tensor that contradicts itself and for a dtype that is not
    offered.
    """
    shape = tuple([dimension.size for dimension in proto.tensor_shape.dim])
    field = _FIELDS.get(proto.dtype)
    if field is None:
        raise InvalidArgument(f"Tensors of type {proto.dtype} are not offered here.")
    if shape and min(shape) < 0:  # NumPy would find out what it stands for.
        raise InvalidArgument(f"Invalid TensorProto: negative size in {shape}")
    content = proto.tensor_content
    try:
        if proto.dtype == _STRING:
            size = check_expansion(proto)
            given = _strings(content, size) if content else proto.string_val
            return np.array(_filled(given, size), object).reshape(shape)
        dtype = NUMPY_TYPES[proto.dtype]
        if content:
            return np.frombuffer(content, dtype).reshape(shape)
        size = check_expansion(proto)
        # As in C++, what is too large for its type keeps its lowest bits.
        values = np.array(getattr(proto, field)[:size], _FIELD_TYPES.get(field, dtype)).astype(dtype, copy=False)
        if len(values) < size:
            values = np.concatenate([values, np.full(size - len(values), values[-1] if len(values) else 0, dtype)])
        return values.reshape(shape)
    except ValueError as error:
        raise InvalidArgument(f"Invalid TensorProto: {error}") from error


def _filled(given: Sequence[bytes], size: int) -> list[bytes]:
    """The first `size` of `given`; where they are fewer, the last one again and again."""
    values = list(given[:size])
    return values + [values[-1] if values else b""] * (size - len(values))


def _strings(content: bytes, count: int) -> list[bytes]:
    """`count` strings as TensorFlow packs them: all lengths as varints, then all bytes; raises ValueError."""
    lengths, at = [], 0
    for _ in range(count):
        length = shift = 0
        while True:
            if at == len(content):
                raise ValueError("too few strings")
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(length)
    if at + sum(lengths) != len(content):
        raise ValueError("the lengths of the strings are not those of their bytes")
    ends = list(accumulate(lengths, initial=at))
    return [content[start:end] for start, end in pairwise(ends)]
