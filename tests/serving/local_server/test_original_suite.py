"""What TensorFlow Serving's integration test (tensorflow_model_server_test.py) asks, asked of the local server.

Its models are those of tests/serving/original_models.py; each test here says the method it stands for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from bench.ports import free_port
from contracts.serving_protos import (
    ClassificationRequest,
    GetModelStatusRequest,
    MultiInferenceRequest,
    PredictRequest,
    RegressionRequest,
)
from tests.serving.harness import Client, RunningServer, metadata_request, model_list
from tests.serving.server_process import Process, until

BATCHING = """
max_batch_size { value: 128 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 1000000 }
num_batch_threads { value: 8 }
"""

Serve = Callable[..., RunningServer]


@pytest.fixture(scope="module")
def serve(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A server for a model and more flags, begun once for each set of them."""
    servers: dict[Any, RunningServer] = {}

    def begin(model: str, **flags: Any) -> RunningServer:
        key = (model, *sorted(flags.items()))
        if key not in servers:
            always = {
                "model_name": "default",
                "model_base_path": str(saved_models / "original" / model),
                "port": free_port(),
                "rest_api_timeout_in_ms": 5000,
                "grpc_channel_arguments": "grpc.so_reuseaddr=1",
            }
            servers[key] = RunningServer(tmp_path_factory.mktemp("suite"), **(always | flags))
        return servers[key]

    yield begin
    for server in servers.values():
        server.stop()


def predict_2(
    client: Client,
    expected: float,
    model: str = "default",
    signature: str = "serving_default",
    *,
    filtered: bool = True,
    batch: bool = False,
) -> None:
    """Predict for x = 2 in a tensor of shape [1], or [1, 1], as the original's helper does with every model."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    x = request.inputs["x"]
    x.dtype = 1
    x.float_val.append(2.0)
    for _ in range(1 + batch):
        x.tensor_shape.dim.add(size=1)
    if filtered:
        request.output_filter.append("y")
    answer = client.predict(request, 5)
    assert (answer.outputs["y"].dtype, list(answer.outputs["y"].float_val)) == (1, [expected])
    spec = answer.model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == (model, signature, 123)


def is_available(client: Client, model: str) -> bool:
    try:
        return client.states(model) == {123: 30}
    except grpc.RpcError:
        return False


def of_example(kind: Any, signature: str) -> Any:
    request = kind()
    request.model_spec.name, request.model_spec.signature_name = "default", signature
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(2.0)
    return request


def test_status(serve: Serve) -> None:
    """testGetModelStatus"""
    request = GetModelStatusRequest()
    request.model_spec.name = "default"
    (row,) = serve("half_plus_two").client.status(request).model_version_status
    assert (row.version, row.status.error_code) == (123, 0)


def test_metadata(serve: Serve) -> None:
    """testGetModelMetadata"""
    answer = serve("half_plus_two").client.metadata(metadata_request("default", "signature_def"))
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("default", 123)
    assert list(answer.metadata) == ["signature_def"]


@pytest.mark.parametrize("model", ["half_plus_two", "half_plus_two_tf2"])
def test_classify(serve: Serve, model: str) -> None:
    """testClassify, testClassifyTf2"""
    answer = serve(model).client.classify(of_example(ClassificationRequest, "classify_x_to_y"))
    assert [[each.score for each in row.classes] for row in answer.result.classifications] == [[3.0]]
    assert (answer.model_spec.signature_name, answer.model_spec.version.value) == ("classify_x_to_y", 123)


@pytest.mark.parametrize("model", ["half_plus_two", "half_plus_two_tf2"])
def test_regress(serve: Serve, model: str) -> None:
    """testRegress, testRegressTf2"""
    answer = serve(model).client.regress(of_example(RegressionRequest, "regress_x_to_y"))
    assert [each.value for each in answer.result.regressions] == [3.0]
    assert (answer.model_spec.signature_name, answer.model_spec.version.value) == ("regress_x_to_y", 123)


@pytest.mark.parametrize("model", ["half_plus_two", "half_plus_two_tf2"])
def test_multi_inference(serve: Serve, model: str) -> None:
    """testMultiInference, testMultiInferenceTf2"""
    request = MultiInferenceRequest()
    for kind in ("regress", "classify"):
        task = request.tasks.add(method_name=f"tensorflow/serving/{kind}")
        task.model_spec.name, task.model_spec.signature_name = "default", f"{kind}_x_to_y"
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(2.0)
    regression, classification = serve(model).client.multi_inference(request).results
    assert regression.regression_result.regressions[0].value == 3.0
    assert classification.classification_result.classifications[0].classes[0].score == 3.0
    specs = [(each.model_spec.signature_name, each.model_spec.version.value) for each in (regression, classification)]
    assert specs == [("regress_x_to_y", 123), ("classify_x_to_y", 123)]


@pytest.mark.parametrize("model", ["half_plus_two", "half_plus_two_tf2"])
@pytest.mark.parametrize("filtered", [True, False])
def test_predict(serve: Serve, model: str, filtered: bool) -> None:
    """testPredictSavedModel, testPredictUpconvertedSavedModel"""
    predict_2(serve(model).client, 3.0, filtered=filtered)


@pytest.mark.parametrize("filtered", [True, False])
def test_predict_in_batches(serve: Serve, tmp_path_factory: pytest.TempPathFactory, filtered: bool) -> None:
    """testPredictBatching"""
    file = tmp_path_factory.getbasetemp() / "batching_config.txt"
    file.write_text(BATCHING)
    server = serve("half_plus_two", enable_batching=True, batching_parameters_file=str(file))
    predict_2(server.client, 3.0, filtered=filtered)


def test_two_models_of_a_configuration(serve: Serve, saved_models: Path, tmp_path: Path) -> None:
    """testGoodModelConfig"""
    names = ("half_plus_two", "half_plus_three")
    (tmp_path / "models.config").write_text(
        str(model_list(*((name, saved_models / "original" / name, "") for name in names)))
    )
    server = serve("", model_config_file=str(tmp_path / "models.config"))
    for filtered in (True, False):
        predict_2(server.client, 3.0, "half_plus_two", filtered=filtered)
        predict_2(server.client, 4.0, "half_plus_three", filtered=filtered)


def test_unreadable_configuration_is_told_on_standard_error(tmp_path: Path) -> None:
    """testBadModelConfig, which reads standard error to its end"""
    (tmp_path / "bad_model_config.txt").write_text("improperly formatted file!")
    command = [sys.executable, "-m", "serving.local_server", f"--port={free_port()}"]
    command.append(f"--model_config_file={tmp_path / 'bad_model_config.txt'}")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig" in done.stderr
    assert "Failed to start server. Error: " in done.stdout


@pytest.mark.parametrize("poll_s", [0, 1])
def test_configuration_file_is_read_again_only_where_asked(
    start: Callable[..., Process], saved_models: Path, tmp_path: Path, poll_s: int
) -> None:
    """testModelConfigReload, testModelConfigReloadWithZeroPollPeriod; the file is written in place, not renamed"""
    config = tmp_path / "model_config.txt"

    def write(model: str) -> None:
        config.write_text(str(model_list((model, saved_models / "original" / model, ""))))

    write("half_plus_two")
    process = start(f"--model_config_file={config}", f"--model_config_file_poll_wait_seconds={poll_s}")
    client = process.client()
    predict_2(client, 3.0, "half_plus_two")
    write("half_plus_three")
    if poll_s:
        until(lambda: is_available(client, "half_plus_three"))
        predict_2(client, 4.0, "half_plus_three")
    else:
        time.sleep(1)
        predict_2(client, 3.0, "half_plus_two")
    client.close()


def test_arguments_of_the_grpc_server_are_taken(serve: Serve) -> None:
    """testGoodGrpcChannelArgs"""
    arguments = "grpc.max_connection_age_ms=2000,grpc.lb_policy_name=grpclb"
    predict_2(serve("half_plus_two", grpc_channel_arguments=arguments).client, 3.0, filtered=False)


@pytest.mark.parametrize(
    ("verb", "body", "answer"),
    [
        ("classify", {"signature_name": "classify_x_to_y", "examples": [{"x": 2.0}]}, {"results": [[["", 3.0]]]}),
        ("regress", {"signature_name": "regress_x_to_y", "examples": [{"x": 2.0}]}, {"results": [3.0]}),
        ("predict", {"instances": [2.0, 3.0, 4.0]}, {"predictions": [3.0, 3.5, 4.0]}),
        ("predict", {"inputs": [2.0, 3.0, 4.0]}, {"outputs": [3.0, 3.5, 4.0]}),
    ],
)
def test_rest(serve: Serve, verb: str, body: dict[str, Any], answer: dict[str, Any]) -> None:
    """testClassifyREST, testRegressREST, testPredictREST, testPredictColumnarREST"""
    assert serve("half_plus_two").http("POST", f"/v1/models/default:{verb}", body) == (200, answer)


def test_status_over_rest(serve: Serve) -> None:
    """testGetStatusREST"""
    row = {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert serve("half_plus_two").http("GET", "/v1/models/default") == (200, {"model_version_status": [row]})


def test_metadata_over_rest(serve: Serve) -> None:
    """testGetModelMetadataREST, which compares the whole document"""

    def number(name: str) -> dict[str, Any]:
        dims = [{"size": "-1", "name": ""}, {"size": "1", "name": ""}]
        return {"dtype": "DT_FLOAT", "tensor_shape": {"dim": dims, "unknown_rank": False}, "name": name}

    def signature(inputs: dict[str, Any], outputs: dict[str, Any], method: str) -> dict[str, Any]:
        name = f"tensorflow/serving/{method}"
        return {"inputs": inputs, "outputs": outputs, "method_name": name, "defaults": {}}

    examples = {
        "inputs": {
            "dtype": "DT_STRING",
            "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
            "name": "tf_example:0",
        }
    }
    signatures = {
        "serving_default": signature({"x": number("x:0")}, {"y": number("y:0")}, "predict"),
        "classify_x_to_y": signature(examples, {"scores": number("y:0")}, "classify"),
        "regress_x_to_y": signature(examples, {"outputs": number("y:0")}, "regress"),
        "regress_x_to_y2": signature(examples, {"outputs": number("y2:0")}, "regress"),
        "regress_x2_to_y3": signature({"inputs": number("x2:0")}, {"outputs": number("y3:0")}, "regress"),
    }
    code, document = serve("half_plus_two").http("GET", "/v1/models/default/metadata")
    assert (code, document) == (
        200,
        {
            "model_spec": {"name": "default", "signature_name": "", "version": "123"},
            "metadata": {"signature_def": {"signature_def": signatures}},
        },
    )


def test_page_of_prometheus(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> None:
    """testPrometheusEndpoint"""
    file = tmp_path_factory.getbasetemp() / "monitoring_config.txt"
    file.write_text('prometheus_config: {\n  enable: true,\n  path: "/monitoring/prometheus/metrics"\n}\n')
    code, page = serve("half_plus_two", monitoring_config_file=str(file)).http("GET", "/monitoring/prometheus/metrics")
    assert (code, "# TYPE" in page) == (200, True)


def test_newest_of_two_servers_has_the_unix_socket(saved_models: Path, tmp_path: Path) -> None:
    """testPredictUDS; all of the original's servers are given one path, which the last one takes over"""
    servers = []
    for number, model in enumerate(("half_plus_two", "half_plus_three")):
        (tmp_path / str(number)).mkdir()
        servers.append(
            RunningServer(
                tmp_path / str(number),
                model_name="default",
                model_base_path=str(saved_models / "original" / model),
                port=free_port(),
                grpc_socket_path=str(tmp_path / "s"),
            )
        )
    for target, expected in (
        (f"unix:{tmp_path / 's'}", 4.0),
        (f"127.0.0.1:{servers[0].server.grpc_port}", 3.0),
        (f"127.0.0.1:{servers[1].server.grpc_port}", 4.0),
    ):
        client = Client(target)
        predict_2(client, expected, filtered=False)
        client.close()
    for server in servers:
        server.stop()


@pytest.mark.parametrize("model", ["lite", "lite_with_signature"])
def test_lite_model(serve: Serve, model: str) -> None:
    """testPredictOnTfLite, testPredictWithSignatureDefOnTfLite"""
    predict_2(serve(model, prefer_tflite_model=True).client, 3.0, filtered=False)


@pytest.mark.parametrize("model", ["lite", "lite_with_signature"])
def test_lite_model_answers_in_the_shape_that_it_was_asked_in(serve: Serve, model: str) -> None:
    """ResizeWithSameNumElementsTest of tflite_session_test.cc; what others asked before must not show."""
    client = serve(model, prefer_tflite_model=True).client
    for shape in ([1, 1], [1], [3], [1, 1], [3, 1]):
        y = client.run("default", x=np.ones(shape, np.float32)).outputs["y"]
        assert [dim.size for dim in y.tensor_shape.dim] == shape


@pytest.mark.parametrize(("model", "expected"), [("scaled", 12.0), ("constants", 1.0)])
def test_model_saved_by_tf2(serve: Serve, model: str, expected: float) -> None:
    """test_tf_saved_model_save, test_tf_saved_model_save_multiple_signatures"""
    predict_2(serve(model).client, expected, filtered=False)


def test_signature_of_a_constant(serve: Serve) -> None:
    """test_tf_saved_model_save_multiple_signatures, its other half"""
    predict_2(serve("constants").client, 2.0, signature="custom_signature_key")


@pytest.mark.parametrize("flag", ["enable_model_warmup", "enable_batching", "run_operations_one_by_one"])
def test_signatures_without_inputs(serve: Serve, flag: str) -> None:
    """PredictionWithCustomizedSignatures of predict_impl_test.cc"""
    client = serve("counter", **{flag: True}).client
    calls = ["reset_counter", "get_counter", "incr_counter", "incr_counter", "reset_counter", "incr_counter"]
    answers = [client.run("default", signature).outputs["output"] for signature in calls]
    assert [list(answer.float_val) for answer in answers] == [[0.0], [0.0], [1.0], [2.0], [0.0], [1.0]]
    assert not any(answer.tensor_shape.dim for answer in answers)
    if flag != "enable_batching":  # A batch has rows, and a delta has none.
        delta = client.run("default", "incr_counter_by", delta=np.float32(3.0))
        assert list(delta.outputs["output"].float_val) == [4.0]


def test_document_is_what_other_json_readers_read(serve: Serve) -> None:
    """The original's answers are read by `json.loads` of bytes."""
    code, document = serve("half_plus_two").http("POST", "/v1/models/default:predict", {"instances": [[2.0]]})
    assert (code, json.dumps(document)) == (200, '{"predictions": [[3.0]]}')
