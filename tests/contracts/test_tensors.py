"""Tensors as messages, in each form that TensorFlow Serving may send."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.serving_protos import DataType, TensorProto
from contracts.tensors import from_proto, to_proto


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 0), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_an_array_survives_the_message(shape: tuple[int, ...], dtype: type) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape)
    again = from_proto(TensorProto.FromString(to_proto(array).SerializeToString()))
    np.testing.assert_array_equal(again, array)
    assert again.dtype == dtype


def test_a_view_is_sent_in_its_own_order() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    np.testing.assert_array_equal(from_proto(to_proto(array)), array)


def message(**values: object) -> TensorProto:
    proto = TensorProto(**values)
    proto.tensor_shape.dim.add(size=2)
    proto.tensor_shape.dim.add(size=2)
    return proto


def test_typed_values_are_read() -> None:
    proto = message(dtype=DataType.DT_FLOAT, float_val=[1, 2, 3, 4])
    assert from_proto(proto).tolist() == [[1, 2], [3, 4]]


def test_a_lone_typed_value_stands_for_the_whole_shape() -> None:
    assert from_proto(message(dtype=DataType.DT_FLOAT, float_val=[7])).tolist() == [[7, 7], [7, 7]]


def test_strings_are_read_as_bytes() -> None:
    assert from_proto(message(dtype=DataType.DT_STRING, string_val=[b"a", b"b", b"c", b"d"]))[1, 1] == b"d"


def test_values_that_do_not_fit_the_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        from_proto(message(dtype=DataType.DT_FLOAT, float_val=[1, 2, 3, 4, 5]))


def test_another_dtype_is_refused() -> None:
    with pytest.raises(KeyError):
        to_proto(np.zeros(1, np.float64))
