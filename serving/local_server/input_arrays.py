"""Input tensors as NumPy arrays, where TensorFlow does not read TensorProto itself."""

from __future__ import annotations

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

_STRING = int(DataType.DT_STRING)  # Looked up once: the enumeration takes microseconds for every name.

DTYPES = frozenset(_FIELDS)
"""What `read_array` reads."""


def read_array(proto: TensorProto) -> NDArray[Any]:
    """The tensor in its shape, strings as an object array of bytes.

    A typed form that is shorter than the shape repeats its last value, as TensorFlow writes it. Raises InvalidArgument
    for a tensor that contradicts itself and for a dtype that is not offered.
    """
    shape = tuple(dimension.size for dimension in proto.tensor_shape.dim)
    field = _FIELDS.get(proto.dtype)
    if field is None:
        raise InvalidArgument(f"{DataType.Name(proto.dtype)} is not offered here.")
    dtype = np.dtype(object) if proto.dtype == _STRING else NUMPY_TYPES[proto.dtype]
    try:
        if content := proto.tensor_content:  # Each look at it is a copy.
            return np.frombuffer(content, dtype).reshape(shape)
        values = np.array(list(getattr(proto, field)), dtype)
        size = int(np.prod(shape, dtype=np.int64))
        if 0 < len(values) < size:
            values = np.concatenate([values, np.full(size - len(values), values[-1], dtype)])
        return values.reshape(shape)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"Invalid TensorProto: {error}") from error
