from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.serving_protos import TensorProto
from serving.local_server.errors import InvalidArgument
from serving.local_server.json_writer import write_columns, write_error, write_floats, write_rows


def tensor(*shape: int, values: list[float] | None = None) -> TensorProto:
    size = int(np.prod(shape))
    numbers = [float(index) for index in range(size)] if values is None else values
    return TensorProto(dtype=1, float_val=numbers, tensor_shape={"dim": [{"size": each} for each in shape]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.2, "0.2"),
        (1.0, "1.0"),
        (9e6, "9e+06"),
        (3e-5, "3e-05"),
        (1 / 3, "0.333333343"),
        (16777216.0, "16777216.0"),
        (1e-45, "1.4013e-45"),
        (-0.0, "-0.0"),
    ],
)
def test_float32_takes_six_digits_or_nine(value: float, text: str) -> None:
    assert write_floats([float(np.float32(value))], np.float32) == [text]


def test_float64_takes_six_digits_or_seventeen() -> None:
    assert write_floats([0.2, 1 / 3], np.float64) == ["0.2", "0.33333333333333331"]


@given(st.lists(st.floats(width=32)))
def test_what_is_written_reads_back_as_the_same_float(values: list[float]) -> None:
    read = np.array([float(text) for text in write_floats(values, np.float32)], np.float32)
    assert np.array_equal(read, np.array(values, np.float32), equal_nan=True)


def test_rows_keep_their_inner_lists_on_one_line() -> None:
    assert write_rows({"y": tensor(2, 2, 1)}) == '{\n    "predictions": [[[0.0], [1.0]], [[2.0], [3.0]]\n    ]\n}'


def test_rows_of_several_outputs_are_objects() -> None:
    assert write_rows({"a": tensor(1), "b": tensor(1, 2)}) == (
        '{\n    "predictions": [\n        {\n            "a": 0.0,\n            "b": [0.0, 1.0]\n        }\n    ]\n}'
    )


def test_empty_batch_is_an_empty_list() -> None:
    assert write_rows({"y": tensor(0, 3)}) == '{\n    "predictions": []\n}'


def test_columns_stand_one_value_a_line() -> None:
    assert write_columns({"y": tensor(2)}) == '{\n    "outputs": [\n        0.0,\n        1.0\n    ]\n}'
    assert write_columns({"y": tensor()}) == '{\n    "outputs": 0.0\n}'
    assert write_columns({"y": tensor(2, 0)}) == '{\n    "outputs": [\n        [],\n        []\n    ]\n}'


def test_type_without_a_json_form_is_refused() -> None:
    complex64 = TensorProto(dtype=8, scomplex_val=[0, 0], tensor_shape={"dim": [{"size": 1}]})
    with pytest.raises(InvalidArgument, match="Failed to write JSON value for tensor type: complex64"):
        write_rows({"y": complex64})


def test_error_is_quoted() -> None:
    assert write_error('a "b"\n') == '{\n    "error": "a \\"b\\"\\n"\n}'
