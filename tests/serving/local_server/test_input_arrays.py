"""What TensorFlow's `Tensor::FromProto` reads (tensorflow/core/framework/tensor.cc), and what it had better refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.errors import InvalidArgument
from serving.local_server.input_arrays import MAX_EXPANDED, check_expansion, read_array

FLOAT, STRING, INT8, BOOL = DataType.DT_FLOAT, DataType.DT_STRING, DataType.DT_INT8, DataType.DT_BOOL


def tensor(dtype: int, *shape: int, **values: Any) -> TensorProto:
    proto = TensorProto(dtype=dtype, **values)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("proto", "expected"),
    [
        (tensor(FLOAT, float_val=[2.0]), 2.0),
        (tensor(FLOAT, 2, float_val=[1.0, 2.0]), [1.0, 2.0]),
        (tensor(FLOAT, 3, float_val=[1.0, 2.0]), [1.0, 2.0, 2.0]),
        (tensor(FLOAT, 1, float_val=[1.0, 2.0]), [1.0]),
        (tensor(FLOAT, 0, float_val=[1.0]), []),
        (tensor(FLOAT, 2), [0.0, 0.0]),
        (tensor(FLOAT, 1, 2, tensor_content=np.array([1.0, 2.0], np.float32).tobytes()), [[1.0, 2.0]]),
        (tensor(INT8, 2, int_val=[300, -1]), [44, -1]),
        (tensor(BOOL, 2, bool_val=[True]), [True, True]),
        (tensor(STRING, 2, string_val=[b"a"]), [b"a", b"a"]),
        (tensor(STRING, 1), [b""]),
        (tensor(STRING, 2, 1, tensor_content=b"\x01\x03abcd"), [[b"a"], [b"bcd"]]),
        (tensor(STRING, 1, tensor_content=b"\x80\x01" + b"x" * 128), [b"x" * 128]),
    ],
)
def test_a_tensor_is_read_as_tensorflow_reads_it(proto: TensorProto, expected: Any) -> None:
    assert read_array(proto).tolist() == expected


@pytest.mark.parametrize(
    "proto",
    [
        tensor(FLOAT, -1, float_val=[1.0]),
        tensor(FLOAT, -2, float_val=[1.0]),
        tensor(FLOAT, -1, tensor_content=bytes(4)),
        tensor(STRING, -3, string_val=[b"a"]),
        tensor(FLOAT, 2, tensor_content=b"1234"),
        tensor(FLOAT, 3, tensor_content=b"1234"),
        tensor(STRING, 2, tensor_content=b"\x05"),
        tensor(STRING, 1, tensor_content=b"\x05ab"),
        tensor(DataType.DT_RESOURCE, 1),
        tensor(2000, 1),
        tensor(FLOAT, *[1] * 100, float_val=[1.0]),
        tensor(FLOAT, 2**40, float_val=[1.0]),
    ],
)
def test_a_tensor_that_contradicts_itself_is_refused(proto: TensorProto) -> None:
    with pytest.raises(InvalidArgument):
        read_array(proto)


@pytest.mark.parametrize("shape", [(2**40,), (2**40, 2**40), (2**13, 2**13)])
@pytest.mark.parametrize("proto", [tensor(FLOAT, float_val=[1.0]), tensor(FLOAT), tensor(STRING, string_val=[b"x"])])
def test_few_values_do_not_stand_for_more_than_memory_should_hold(proto: TensorProto, shape: tuple[int, ...]) -> None:
    asked = tensor(proto.dtype, *shape)
    asked.MergeFrom(proto)
    with pytest.raises(InvalidArgument, match="few are given"):
        check_expansion(asked)


def test_what_holds_its_values_may_be_large() -> None:
    assert check_expansion(tensor(BOOL, MAX_EXPANDED + 1, tensor_content=bytes(MAX_EXPANDED + 1))) == MAX_EXPANDED + 1
    assert check_expansion(tensor(FLOAT, 2**10, 2**14, float_val=[1.0])) == MAX_EXPANDED
