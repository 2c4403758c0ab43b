"""Every dtype and shape goes into TensorFlow and comes back as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from contracts.features import F
from contracts.model import PREDICT
from contracts.serving_protos import ConfigProto, DataType, TensorProto
from contracts.tensors import to_proto
from serving.config import SHIPPED
from serving.local_server.errors import DeadlineExceeded, InvalidArgument, NotFound, StatusError
from serving.local_server.executor import ONE_BY_ONE, QUICK_RUN_S, Executor
from serving.local_server.output_tensors import write_content, write_typed
from serving.local_server.tensorflow_library import TensorFlowLibrary, TensorFlowNotFound
from serving.store import Store

BITS = {"float16": DataType.DT_HALF, "bfloat16": DataType.DT_BFLOAT16}
NUMBERS = {
    "float32": DataType.DT_FLOAT,
    "float64": DataType.DT_DOUBLE,
    "int8": DataType.DT_INT8,
    "int16": DataType.DT_INT16,
    "int32": DataType.DT_INT32,
    "int64": DataType.DT_INT64,
    "uint8": DataType.DT_UINT8,
    "uint16": DataType.DT_UINT16,
    "uint32": DataType.DT_UINT32,
    "uint64": DataType.DT_UINT64,
    "bool": DataType.DT_BOOL,
    "complex64": DataType.DT_COMPLEX64,
    "complex128": DataType.DT_COMPLEX128,
}
FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "float16": "half_val",
    "bfloat16": "half_val",
}
"""All others in int_val."""


@pytest.fixture(scope="module")
def library() -> TensorFlowLibrary:
    return TensorFlowLibrary.installed()


@pytest.fixture(scope="module")
def echo(library: TensorFlowLibrary, saved_models: Path) -> Executor:
    return Executor(library, saved_models / "echo" / "1", ["serve"])


def run(executor: Executor, signature: str, proto: TensorProto, timeout_ms: int | None = None) -> TensorProto:
    ends = executor.signatures[signature]
    (given,), (wanted, *_) = ends.inputs.values(), ends.outputs.values()
    (result,) = executor.run({given.name: executor.tensor(proto)}, [wanted.name], timeout_ms)
    answer = TensorProto()
    write_typed(result, answer)
    return answer


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_numbers_come_back_in_their_typed_field(echo: Executor, name: str) -> None:
    values = np.array([[0, 1, 1], [100, 1, 0]]).astype(name)
    shape = {"dim": [{"size": 2}, {"size": 3}]}
    proto = TensorProto(dtype=NUMBERS[name], tensor_content=values.tobytes(), tensor_shape=shape)
    answer = run(echo, name, proto)
    assert (answer.dtype, answer.tensor_shape, answer.tensor_content) == (NUMBERS[name], proto.tensor_shape, b"")
    field = list(getattr(answer, FIELDS.get(name, "int_val")))
    flat = values.ravel()
    expected = (
        [part for value in flat for part in (value.real, value.imag)] if flat.dtype.kind == "c" else flat.tolist()
    )
    assert field == expected


@pytest.mark.parametrize("name", sorted(BITS))
def test_short_floats_travel_as_their_bit_pattern(echo: Executor, name: str) -> None:
    proto = TensorProto(dtype=BITS[name], half_val=[0x3C00, 0x4000], tensor_shape={"dim": [{"size": 2}]})
    assert list(run(echo, name, proto).half_val) == [0x3C00, 0x4000]


def test_strings_of_any_length_and_content_come_back(echo: Executor) -> None:
    values = [b"", b"short", b"\x00\xff", b"x" * 10_000]
    proto = TensorProto(dtype=DataType.DT_STRING, string_val=values, tensor_shape={"dim": [{"size": 2}, {"size": 2}]})
    answer = run(echo, "string", proto)
    assert list(answer.string_val) == values
    assert [dimension.size for dimension in answer.tensor_shape.dim] == [2, 2]


@pytest.mark.parametrize("dtype", ["float32", "string", "bool"])
def test_empty_tensors_come_back_empty(echo: Executor, dtype: str) -> None:
    number = NUMBERS.get(dtype, DataType.DT_STRING)
    answer = run(echo, dtype, TensorProto(dtype=number, tensor_shape={"dim": [{"size": 0}, {"size": 3}]}))
    assert [dimension.size for dimension in answer.tensor_shape.dim] == [0, 3]


def test_equal_values_are_written_one_by_one(echo: Executor) -> None:
    shape = {"dim": [{"size": 3}]}
    answer = run(echo, "float32", TensorProto(dtype=DataType.DT_FLOAT, float_val=[7], tensor_shape=shape))
    assert list(answer.float_val) == [7, 7, 7]


def test_tensor_content_is_written_where_it_was_asked_for(echo: Executor) -> None:
    proto = TensorProto(dtype=DataType.DT_FLOAT, float_val=[1, 2], tensor_shape={"dim": [{"size": 2}]})
    ends = echo.signatures["float32"]
    (result,) = echo.run({ends.inputs["x"].name: echo.tensor(proto)}, [ends.outputs["y"].name])
    answer = TensorProto()
    write_content(result, answer)
    assert answer.tensor_content == np.array([1, 2], np.float32).tobytes()
    assert not answer.float_val


def test_quick_runs_give_the_same_answer_as_the_first(echo: Executor) -> None:
    proto = TensorProto(dtype=DataType.DT_FLOAT, float_val=[1], tensor_shape={"dim": [{"size": 1}]})
    assert len({run(echo, "float32", proto).SerializeToString() for _ in range(5)}) == 1


def test_run_that_takes_too_long_is_stopped(library: TensorFlowLibrary, saved_models: Path) -> None:
    executor = Executor(library, saved_models / "shapes" / "1", ["serve"], ConfigProto())
    steps = TensorProto(dtype=DataType.DT_INT32, int_val=[1_000_000], tensor_shape={"dim": [{"size": 1}]})
    with pytest.raises(DeadlineExceeded):
        run(executor, "slow", steps, timeout_ms=30)
    executor.close()


def test_quick_kind_of_run_that_turns_slow_still_misses_its_deadline(
    library: TensorFlowLibrary, saved_models: Path
) -> None:
    executor = Executor(library, saved_models / "shapes" / "1", ["serve"])
    shape = {"dim": [{"size": 1}]}
    for _ in range(20):
        run(executor, "slow", TensorProto(dtype=DataType.DT_INT32, int_val=[0], tensor_shape=shape))
    steps = TensorProto(dtype=DataType.DT_INT32, int_val=[500], tensor_shape=shape)
    with pytest.raises(DeadlineExceeded):
        run(executor, "slow", steps, timeout_ms=int(QUICK_RUN_S * 1000))
    executor.close()


def test_folder_without_a_saved_model_is_not_found(library: TensorFlowLibrary, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"Could not find SavedModel .pb or .pbtxt at supplied export directory path"):
        Executor(library, tmp_path, ["serve"])


def test_damaged_saved_model_is_refused(library: TensorFlowLibrary, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x0anonsense")
    with pytest.raises(StatusError):
        Executor(library, tmp_path, ["serve"])


def test_unknown_tags_are_not_found(library: TensorFlowLibrary, saved_models: Path) -> None:
    with pytest.raises(NotFound, match="gpu"):
        Executor(library, saved_models / "echo" / "1", ["serve", "gpu"])


def test_tensor_that_is_not_in_the_graph_is_refused(echo: Executor) -> None:
    with pytest.raises(InvalidArgument, match="nowhere:0"):
        echo.run({}, ["nowhere:0"])


def test_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(TensorFlowNotFound, match="cannot be used"):
        TensorFlowLibrary(tmp_path)


@pytest.mark.parametrize("executor_type", ["", ONE_BY_ONE])
def test_loop_of_tf1_runs_whatever_executor_is_asked_for(
    library: TensorFlowLibrary, saved_models: Path, executor_type: str
) -> None:
    options = ConfigProto()
    options.experimental.executor_type = executor_type
    executor = Executor(library, saved_models / "old_loop" / "1", ["serve"], options)
    x = TensorProto(dtype=DataType.DT_FLOAT, float_val=[1.5], tensor_shape={"dim": [{"size": 1}]})
    assert list(run(executor, "serving_default", x).float_val) == [12.0]
    assert options.experimental.executor_type == executor_type
    executor.close()


def test_requests_with_a_deadline_do_not_wait_for_each_other_where_operations_run_one_by_one(
    library: TensorFlowLibrary,
) -> None:
    """The shipped version has functions in branches, which TensorFlow's pool would have to run while it waits."""
    options = ConfigProto(inter_op_parallelism_threads=2)
    options.experimental.executor_type = ONE_BY_ONE
    shipped = Store(SHIPPED)
    executor = Executor(library, shipped.version(shipped.versions()[-1]), ["serve"], options)
    account = to_proto(np.zeros((1, F), np.float32))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: run(executor, PREDICT, account, timeout_ms=60_000), range(64), timeout=60))
    assert all(answer == answers[0] for answer in answers)
    executor.close()
