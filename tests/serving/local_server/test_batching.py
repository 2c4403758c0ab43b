"""--enable_batching: the answers stay those of each request, whatever runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest

from contracts.serving_protos import DataType, PredictRequest, TensorProto
from contracts.tensors import from_proto
from serving.local_server.batching_parameters import BatchingParameters
from serving.local_server.errors import InvalidArgument
from serving.local_server.model_configuration import UnreadableConfig
from serving.local_server.state_monitor import State
from tests.serving.harness import RunningServer, model_list, predict_request

PARAMETERS = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 50000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
thread_pool_name { value: "batches" }
allowed_batch_sizes: 2
allowed_batch_sizes: 8
"""


@pytest.fixture(scope="module")
def batching(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("batching")
    (folder / "batching.config").write_text(PARAMETERS)
    (folder / "monitoring.config").write_text("prometheus_config { enable: true }")
    models = model_list(*((name, saved_models / name, "") for name in ("half_plus_two", "shapes", "echo")))
    (folder / "models.config").write_text(str(models))
    server = RunningServer(
        folder,
        model_config_file=str(folder / "models.config"),
        monitoring_config_file=str(folder / "monitoring.config"),
        enable_batching=True,
        batching_parameters_file=str(folder / "batching.config"),
    )
    yield server
    server.stop()


def refusal(server: RunningServer, request: PredictRequest) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        server.client.predict(request)
    return caught.value.code().name, caught.value.details()


def test_each_request_gets_its_own_rows(batching: RunningServer) -> None:
    def ask(number: int) -> list[float]:
        rows = np.full([1 + number % 3, 1], number, np.float32)
        return from_proto(batching.client.run("half_plus_two", x=rows).outputs["y"]).ravel().tolist()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(48)))
    assert answers == [[number / 2 + 4.0] * (1 + number % 3) for number in range(48)]
    page = batching.http("GET", "/monitoring/prometheus/metrics")[1]
    runs = int(page.split(":tensorflow:serving:batching_session:wrapped_run_count{} ")[1].split("\n")[0])
    assert runs < 48
    assert ':tensorflow:serving:batching_session:queuing_latency_count{thread_pool_name="batches"}' in page
    assert ':tensorflow:serving:batching_session:padding_size_bucket{execution_batch_size="8",le="1"}' in page


def test_without_parameters_the_pool_has_the_originals_name(saved_models: Path, tmp_path: Path) -> None:
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    server = RunningServer(
        tmp_path,
        model_base_path=str(saved_models / "half_plus_two"),
        monitoring_config_file=str(tmp_path / "monitoring.config"),
        enable_batching=True,
    )
    server.client.run("default", x=np.ones([1, 1], np.float32))
    page = server.http("GET", "/monitoring/prometheus/metrics")[1]
    assert 'queuing_latency_count{thread_pool_name="model_server_batch_threads"} 1' in page
    server.stop()


def test_time_limit_of_rest_holds_in_a_batch(saved_models: Path, tmp_path: Path) -> None:
    base = str(saved_models / "shapes")
    server = RunningServer(tmp_path, model_base_path=base, enable_batching=True, rest_api_timeout_in_ms=50)
    body = {"signature_name": "slow", "instances": [20_000]}
    code, answer = server.http("POST", "/v1/models/default:predict", body)
    assert (code, list(answer)) == (504, ["error"])
    server.stop()


def test_strings_are_gathered_too(batching: RunningServer) -> None:
    def ask(text: bytes) -> list[bytes]:
        request = predict_request("shapes", "shout")
        shape = {"dim": [{"size": 2}]}
        request.inputs["text"].CopyFrom(
            TensorProto(dtype=DataType.DT_STRING, string_val=[text, b"b"], tensor_shape=shape)
        )
        return list(batching.client.predict(request).outputs["loud"].string_val)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, [b"a", b"cd", b"e", b""])) == [[b"A", b"B"], [b"CD", b"B"], [b"E", b"B"], [b"", b"B"]]


@pytest.mark.parametrize("odd", [{"float_val": [2.0, 9.0]}, {"float_val": [2.0]}, {}])
def test_an_odd_tensor_that_tensorflow_reads_spoils_nobodys_batch(
    batching: RunningServer, odd: dict[str, list[float]]
) -> None:
    def ask(number: int) -> list[float]:
        request = predict_request("half_plus_two", x=np.full([1, 1], number, np.float32))
        if number == 2:
            shape = {"dim": [{"size": 1}, {"size": 1}]}
            request.inputs["x"].CopyFrom(TensorProto(dtype=DataType.DT_FLOAT, tensor_shape=shape, **odd))
        return list(batching.client.predict(request).outputs["y"].float_val)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers == [[(0.0 if number == 2 and not odd else number) / 2 + 4.0] for number in range(8)]


def test_rows_of_other_shapes_run_apart(batching: RunningServer) -> None:
    def ask(width: int) -> tuple[int, ...]:
        answer = batching.client.run("shapes", "any_shape", x=np.ones([1, width], np.float32))
        return from_proto(answer.outputs["y"]).shape

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(1, 9))) == [(1, width) for width in range(1, 9)]


def test_a_dtype_that_cannot_be_gathered_runs_alone(batching: RunningServer) -> None:
    request = predict_request("echo", "float16")
    half = TensorProto(dtype=DataType.DT_HALF, half_val=[15360], tensor_shape={"dim": [{"size": 1}]})
    request.inputs["x"].CopyFrom(half)
    assert list(batching.client.predict(request).outputs["y"].half_val) == [15360]


def test_more_rows_than_a_batch_holds_are_refused(batching: RunningServer) -> None:
    refused = refusal(batching, predict_request("half_plus_two", x=np.ones([9, 1], np.float32)))
    assert refused == ("INVALID_ARGUMENT", "Task size 9 is larger than maximum input batch size 8")


def test_a_scalar_is_refused(batching: RunningServer) -> None:
    refused = refusal(batching, predict_request("half_plus_two", x=np.float32(1)))
    assert refused == ("INVALID_ARGUMENT", "Batching Run() input tensors must have at least one dimension")


def test_inputs_of_unequal_rows_are_refused(batching: RunningServer) -> None:
    refused = refusal(batching, predict_request("shapes", "add", a=np.ones(1, np.float32), b=np.ones(2, np.float32)))
    assert refused == ("INVALID_ARGUMENT", "Batching Run() input tensors must have equal 0th-dimension size")


def test_outputs_without_a_row_for_each_input_are_refused_in_a_batch(batching: RunningServer) -> None:
    code, text = refusal(batching, predict_request("shapes", "total", x=np.ones(1, np.float32)))
    assert code == "FAILED_PRECONDITION"
    assert text.startswith("Batched output tensor's 0th dimension does not equal")


def test_large_requests_are_split_where_that_is_asked_for(saved_models: Path, tmp_path: Path) -> None:
    parameters = tmp_path / "batching.config"
    parameters.write_text(
        "max_batch_size { value: 100 } enable_large_batch_splitting { value: true } "
        "max_execution_batch_size { value: 4 }"
    )
    server = RunningServer(
        tmp_path,
        model_name="half_plus_two",
        model_base_path=str(saved_models / "half_plus_two"),
        enable_batching=True,
        batching_parameters_file=str(parameters),
    )
    rows = np.arange(10, dtype=np.float32)[:, None]
    answer = from_proto(server.client.run("half_plus_two", x=rows).outputs["y"])
    server.stop()
    np.testing.assert_array_equal(answer, rows / 2 + 4)


def test_a_version_brings_its_own_parameters(copy_version: Callable[[str, int, Path], Path], tmp_path: Path) -> None:
    base = tmp_path / "models"
    folder = copy_version("half_plus_two", 1, base)
    (folder / "batching_params.pbtxt").write_text("max_batch_size { value: 2 }")
    server = RunningServer(
        tmp_path,
        model_name="half_plus_two",
        model_base_path=str(base),
        enable_batching=True,
        enable_per_model_batching_parameters=True,
    )
    assert server.wait_for("half_plus_two", 1, State.AVAILABLE)
    refused = refusal(server, predict_request("half_plus_two", x=np.ones([3, 1], np.float32)))
    server.stop()
    assert refused == ("INVALID_ARGUMENT", "Task size 3 is larger than maximum input batch size 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8",
        ),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 8 allowed_batch_sizes: 8",
            "allowed_batch_sizes entries must be monotonically increasing",
        ),
        ("num_batch_threads { value: 0 }", "must be positive"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p").write_text(text)
    with pytest.raises(InvalidArgument, match=message):
        BatchingParameters.read(tmp_path / "p")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("max_batch_size: what")
    with pytest.raises(UnreadableConfig, match=r"tensorflow\.serving\.BatchingParameters"):
        BatchingParameters.read(tmp_path / "p")


def test_defaults_are_those_of_the_original() -> None:
    defaults = BatchingParameters()
    assert (defaults.max_batch_size, defaults.timeout_s, defaults.max_enqueued) == (1000, 0.0, 10)
