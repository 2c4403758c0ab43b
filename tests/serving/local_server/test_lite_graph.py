"""--prefer_tflite_model: LiteRT answers what model.tflite holds, TensorFlow the rest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest

from contracts.serving_protos import DataType, SignatureDefMap, TensorProto
from contracts.tensors import from_proto
from serving.local_server.errors import InvalidArgument
from serving.local_server.lite_executor import LiteExecutor
from serving.local_server.lite_graph import LiteGraph
from tests.serving.harness import RunningServer, metadata_request, predict_request

ONES = np.ones(3, np.float32)


@pytest.fixture(scope="module")
def lite(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("lite")
    base = str(saved_models / "lite")
    server = RunningServer(folder, model_name="m", model_base_path=base, prefer_tflite_model=True)
    yield server
    server.stop()


def test_signature_of_both_models_is_run_by_lite_rt(lite: RunningServer) -> None:
    answer = lite.client.run("m", "any_shape", x=ONES)
    assert list(answer.outputs["y"].float_val) == [2, 2, 2]
    assert (answer.model_spec.version.value, answer.model_spec.signature_name) == (1, "any_shape")


def test_without_the_flag_the_saved_model_answers(saved_models: Path, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, model_name="m", model_base_path=str(saved_models / "lite"))
    assert list(server.client.run("m", "any_shape", x=ONES).outputs["y"].float_val) == [1, 1, 1]
    server.stop()


def test_signature_that_lite_rt_lacks_is_run_by_tensorflow(lite: RunningServer) -> None:
    request = predict_request("m", "shout")
    request.inputs["text"].CopyFrom(TensorProto(dtype=DataType.DT_STRING, string_val=[b"a"]))
    request.inputs["text"].tensor_shape.dim.add(size=1)
    assert list(lite.client.predict(request).outputs["loud"].string_val) == [b"A"]


def test_strings_come_out_of_lite_rt(lite: RunningServer) -> None:
    answer = lite.client.run("m", "describe", rows=np.zeros(2, np.int32))
    assert list(answer.outputs["description"].string_val) == [b"of LiteRT"] * 2


def test_metadata_shows_the_signatures_of_both(lite: RunningServer) -> None:
    signatures = SignatureDefMap()
    lite.client.metadata(metadata_request("m", "signature_def")).metadata["signature_def"].Unpack(signatures)
    assert {"add", "any_shape", "describe", "shout"} <= set(signatures.signature_def)
    x = signatures.signature_def["any_shape"].inputs["x"]
    assert (x.dtype, [dim.size for dim in x.tensor_shape.dim]) == (DataType.DT_FLOAT, [-1])


def test_batches_of_any_size_are_answered_side_by_side(lite: RunningServer) -> None:
    def ask(size: int) -> bool:
        a = np.arange(size, dtype=np.float32)
        return np.array_equal(from_proto(lite.client.run("m", "add", a=a, b=a).outputs["sum"]), 2 * a)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, [1, 7, 300, 2, 1, 64, 5, 1] * 5))


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"a": ONES}, "input size does not match signature: 1!=2"),
        ({"a": ONES, "b": np.ones(3, np.int32)}, "INT32"),
        ({"a": ONES, "b": np.ones(2, np.float32)}, "StatusCode"),
    ],
)
def test_wrong_inputs_are_refused_and_later_requests_answered(
    lite: RunningServer, inputs: dict[str, np.ndarray], text: str
) -> None:
    with pytest.raises(grpc.RpcError, match=text):
        lite.client.run("m", "add", **inputs)
    assert list(lite.client.run("m", "add", a=ONES, b=ONES).outputs["sum"].float_val) == [2, 2, 2]


def test_damaged_model_does_not_load_even_beside_a_good_one(saved_models: Path, tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"nonsense")

    class Saved:
        signatures = {}
        closed = False

        def close(self) -> None:
            self.closed = True

    saved = Saved()
    with pytest.raises(InvalidArgument, match="Could not load"):
        LiteGraph(tmp_path / "model.tflite", saved)  # type: ignore[arg-type]
    assert saved.closed


def test_version_needs_no_saved_model(saved_models: Path, tmp_path: Path) -> None:
    (tmp_path / "base" / "1").mkdir(parents=True)
    shutil.copy(saved_models / "lite" / "1" / "model.tflite", tmp_path / "base" / "1")
    base = str(tmp_path / "base")
    server = RunningServer(tmp_path, model_name="m", model_base_path=base, prefer_tflite_model=True)
    shutil.rmtree(tmp_path / "base" / "1")  # What is loaded needs its folder no more.
    assert list(server.client.run("m", "any_shape", x=ONES).outputs["y"].float_val) == [2, 2, 2]
    with pytest.raises(grpc.RpcError, match="not found"):
        server.client.run("m", "shout", x=ONES)
    server.stop()


def test_size_beyond_what_lite_rt_counts_is_refused(saved_models: Path) -> None:
    executor = LiteExecutor(saved_models / "original" / "lite" / "00000123" / "model.tflite")
    with pytest.raises(InvalidArgument):
        executor.run({"serving_default/x": np.zeros([0, 2**40], np.float32)}, ["serving_default/y"])
    executor.close()


def test_empty_batch_is_answered_empty(lite: RunningServer) -> None:
    answer = lite.client.run("m", "any_shape", x=np.zeros(0, np.float32))
    assert from_proto(answer.outputs["y"]).shape == (0,)


def test_contradictory_tensor_is_refused(saved_models: Path) -> None:
    executor = LiteExecutor(saved_models / "lite" / "1" / "model.tflite")
    proto = TensorProto(dtype=DataType.DT_FLOAT, tensor_content=b"123")
    with pytest.raises(InvalidArgument):
        executor.tensor(proto)
    executor.close()
