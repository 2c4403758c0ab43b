"""The tensors of our signatures as protobuf messages, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.serving_protos import DataType, TensorProto

_NUMBERS = {
    DataType.DT_FLOAT: (np.dtype(np.float32), "float_val"),
    DataType.DT_INT32: (np.dtype(np.int32), "int_val"),
}
_DTYPES = {dtype: number for number, (dtype, _) in _NUMBERS.items()}


def to_proto(array: NDArray[Any]) -> TensorProto:
    """A float32 or int32 array of any shape; raises KeyError for another dtype."""
    proto = TensorProto()
    fill(proto, array)
    return proto


def fill(proto: TensorProto, array: NDArray[Any]) -> None:
    """Put a float32 or int32 array into an empty `proto`; raises KeyError for another dtype."""
    proto.dtype = _DTYPES[array.dtype]
    proto.tensor_content = array.tobytes()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)


def from_proto(proto: TensorProto) -> NDArray[Any]:
    """A float32 or int32 tensor, or a string tensor as an object array of bytes, in its shape.

    Reads the packed and the typed form; a typed form that is shorter than the shape repeats its last value, as
    TensorFlow writes it. Raises ValueError for what does not fit its shape and KeyError for another dtype.
    """
    shape = tuple(dimension.size for dimension in proto.tensor_shape.dim)
    values: NDArray[Any]
    if proto.dtype == DataType.DT_STRING:
        values = np.array(list(proto.string_val), object)
    else:
        dtype, typed_field = _NUMBERS[proto.dtype]
        if content := proto.tensor_content:  # Each look at it is a copy.
            return np.frombuffer(content, dtype).reshape(shape)
        values = np.array(getattr(proto, typed_field), dtype)
    size = int(np.prod(shape, dtype=np.int64))
    if 0 < len(values) < size:
        values = np.concatenate([values, np.full(size - len(values), values[-1], values.dtype)])
    return values.reshape(shape)
