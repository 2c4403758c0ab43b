"""The error tables of TensorFlow Serving, over gRPC, against real SavedModels."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import numpy as np
import pytest

from contracts.features import F
from contracts.serving_protos import (
    DataType,
    GetModelStatusRequest,
    PredictRequest,
    ReloadConfigRequest,
    SignatureDefMap,
    TensorProto,
)
from contracts.tensors import from_proto
from serving.local_server.grpc_api import cut
from tests.serving.harness import RunningServer, metadata_request, model_list, predict_request

ONE = np.ones([1, 1], np.float32)
PAIR = np.ones(2, np.float32)


def refusal(call: object) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()  # type: ignore[operator]
    return caught.value.code().name, caught.value.details()


def predict_refusal(running: RunningServer, request: PredictRequest) -> tuple[str, str]:
    return refusal(lambda: running.client.predict(request))


def test_latest_version_that_is_available_answers(running: RunningServer) -> None:
    answer = running.client.run("half_plus_two", x=ONE)
    assert answer.outputs["y"].float_val[0] == 3.5
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("half_plus_two", 2)
    assert answer.model_spec.signature_name == "serving_default"


def test_version_asked_for_answers(running: RunningServer) -> None:
    answer = running.client.run("half_plus_two", version=1, x=ONE)
    assert answer.outputs["y"].float_val[0] == 2.5
    assert answer.model_spec.version.value == 1


def test_label_answers_by_its_version_and_is_not_echoed(running: RunningServer) -> None:
    request = predict_request("half_plus_two", x=ONE)
    request.model_spec.version_label = "stable"
    spec = running.client.predict(request).model_spec
    assert (spec.version.value, spec.version_label) == (1, "")


def test_request_without_model_spec_is_refused(running: RunningServer) -> None:
    assert predict_refusal(running, PredictRequest()) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_empty_name_is_refused(running: RunningServer) -> None:
    request = predict_request("", "serving_default", x=ONE)
    assert predict_refusal(running, request) == ("INVALID_ARGUMENT", "ModelSpec has no name specified.")


def test_unknown_model_is_not_found(running: RunningServer) -> None:
    refused = predict_refusal(running, predict_request("nobody", x=ONE))
    assert refused == ("NOT_FOUND", "Servable not found for request: Latest(nobody)")


def test_version_that_is_not_loaded_is_not_found(running: RunningServer) -> None:
    refused = refusal(lambda: running.client.run("half_plus_two", version=7, x=ONE))
    assert refused == ("NOT_FOUND", "Servable not found for request: Specific(half_plus_two, 7)")


@pytest.mark.parametrize("model", ["half_plus_two", "nobody"])
def test_unknown_label_is_refused(running: RunningServer, model: str) -> None:
    request = predict_request(model, x=ONE)
    request.model_spec.version_label = "next"
    refused = predict_refusal(running, request)
    assert refused == ("INVALID_ARGUMENT", "Unrecognized servable version label: next")


def test_label_of_a_version_that_is_not_loaded_is_not_found(running: RunningServer) -> None:
    request = predict_request("half_plus_two", x=ONE)
    request.model_spec.version_label = "absent"
    refused = predict_refusal(running, request)
    assert refused == ("NOT_FOUND", "Servable not found for request: Specific(half_plus_two, 7)")


def test_missing_signature_is_a_failed_precondition(running: RunningServer) -> None:
    refused = predict_refusal(running, predict_request("shapes", "nothing", a=PAIR, b=PAIR))
    assert refused == ("FAILED_PRECONDITION", 'Serving signature key "nothing" not found.')


def test_missing_input_is_named(running: RunningServer) -> None:
    refused = predict_refusal(running, predict_request("shapes", "add", a=PAIR))
    assert refused == (
        "INVALID_ARGUMENT",
        "input size does not match signature: 1!=2 len({a}) != len({a,b}). Sent extra: {}. Missing but required: {b}.",
    )


def test_extra_input_is_named(running: RunningServer) -> None:
    refused = predict_refusal(running, predict_request("half_plus_two", x=ONE, z=ONE))
    assert refused == (
        "INVALID_ARGUMENT",
        "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}.",
    )


def test_wrong_input_name_is_named(running: RunningServer) -> None:
    refused = predict_refusal(running, predict_request("half_plus_two", z=ONE))
    text = (
        "Signature input alias: x(feed name: x:0) not found in request and no default value provided. "
        "Inputs expected to be in the request {z}, or default input alias set: "
    )
    assert refused == ("INVALID_ARGUMENT", text)


@pytest.mark.parametrize(
    "tensor",
    [
        TensorProto(dtype=DataType.DT_FLOAT, tensor_content=b"123", tensor_shape={"dim": [{"size": 1}]}),
        TensorProto(dtype=DataType.DT_FLOAT, float_val=[1], tensor_shape={"dim": [{"size": -1}]}),
        TensorProto(dtype=DataType.DT_INVALID, float_val=[1]),
        TensorProto(dtype=200, float_val=[1]),
        TensorProto(dtype=DataType.DT_FLOAT, float_val=[1], tensor_shape={"dim": [{"size": 2**40}]}),
    ],
    ids=["half a value", "negative size", "no dtype", "unknown dtype", "all memory"],
)
def test_tensor_that_contradicts_itself_is_a_parsing_error(running: RunningServer, tensor: TensorProto) -> None:
    request = predict_request("half_plus_two")
    request.inputs["x"].CopyFrom(tensor)
    assert predict_refusal(running, request) == ("INVALID_ARGUMENT", "tensor parsing error: x")


def test_unknown_output_in_the_filter_is_refused(running: RunningServer) -> None:
    request = predict_request("shapes", "add", a=PAIR, b=PAIR)
    request.output_filter[:] = ["sum", "q"]
    assert predict_refusal(running, request) == (
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: q Outputs expected to be in the set {difference,sum}.",
    )


def test_output_asked_for_twice_is_refused(running: RunningServer) -> None:
    request = predict_request("shapes", "add", a=PAIR, b=PAIR)
    request.output_filter[:] = ["sum", "sum"]
    assert predict_refusal(running, request) == ("INVALID_ARGUMENT", "duplicate output tensor alias: sum")


def test_output_filter_limits_the_answer(running: RunningServer) -> None:
    request = predict_request("shapes", "add", a=PAIR, b=PAIR)
    request.output_filter[:] = ["sum"]
    assert set(running.client.predict(request).outputs) == {"sum"}


def test_wrong_dtype_is_refused_by_the_session(running: RunningServer) -> None:
    request = predict_request("half_plus_two")
    request.inputs["x"].CopyFrom(TensorProto(dtype=DataType.DT_STRING, string_val=[b"1"], tensor_shape={"dim": []}))
    assert predict_refusal(running, request) == (
        "INVALID_ARGUMENT",
        "Expects arg[0] to be float but string is provided",
    )


@pytest.mark.parametrize("shape", [[1], [3], [2, 3, 4], []])
def test_shape_is_not_checked_against_the_signature(running: RunningServer, shape: list[int]) -> None:
    answer = running.client.run("half_plus_two", x=np.zeros(shape, np.float32))
    assert from_proto(answer.outputs["y"]).shape == tuple(shape)


def test_shape_that_an_operation_cannot_take_is_refused_in_its_words(running: RunningServer) -> None:
    code, text = predict_refusal(running, predict_request("rollcall", features=np.zeros([1, F - 1], np.float32)))
    assert code == "INVALID_ARGUMENT"
    assert f"Matrix size-incompatible: In[0]: [1,{F - 1}], In[1]: [{F},4]" in text
    # The node as TensorFlow's optimiser left it: where the processor makes that worth while, product and sum are one.
    assert re.search(r"\n\t \[\[\{\{(function_node \S+?\}\}\{\{)?node (matmul|\S+/add)\}\}\]\]", text)


def test_one_value_may_stand_for_a_whole_shape(running: RunningServer) -> None:
    request = predict_request("half_plus_two")
    shape = {"dim": [{"size": 3}, {"size": 1}]}
    request.inputs["x"].CopyFrom(TensorProto(dtype=DataType.DT_FLOAT, float_val=[2.0], tensor_shape=shape))
    assert list(running.client.predict(request).outputs["y"].float_val) == [4.0, 4.0, 4.0]


def test_empty_batch_is_answered_with_an_empty_batch(running: RunningServer) -> None:
    answer = running.client.run("half_plus_two", x=np.zeros([0, 1], np.float32))
    assert from_proto(answer.outputs["y"]).shape == (0, 1)


def test_large_messages_pass_both_ways(running: RunningServer) -> None:
    x = np.arange(2_000_000, dtype=np.float32)
    answer = running.client.run("shapes", "any_shape", x=x)
    assert np.array_equal(np.array(answer.outputs["y"].float_val, np.float32), x)


def test_deadline_of_the_caller_ends_the_wait(running: RunningServer) -> None:
    request = predict_request("shapes", "slow", steps=np.array([3_000], np.int32))
    code, _ = refusal(lambda: running.client.predict(request, timeout=0.05))
    assert code == "DEADLINE_EXCEEDED"


def test_metadata_holds_all_signatures_and_no_signature_name(running: RunningServer) -> None:
    answer = running.client.metadata(metadata_request("half_plus_two", "signature_def"))
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("half_plus_two", 2)
    assert answer.model_spec.signature_name == ""
    signatures = SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert signatures.signature_def["serving_default"].inputs["x"].name == "x:0"


def test_metadata_of_a_tf2_model_shows_its_initialiser(running: RunningServer) -> None:
    answer = running.client.metadata(metadata_request("rollcall", "signature_def"))
    signatures = SignatureDefMap()
    answer.metadata["signature_def"].Unpack(signatures)
    assert {"serving_default", "explain", "describe", "__saved_model_init_op"} == set(signatures.signature_def)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["signature_def", "weights"], "Metadata field weights is not supported"),
    ],
)
def test_metadata_fields_are_checked(running: RunningServer, fields: list[str], text: str) -> None:
    request = metadata_request("half_plus_two", *fields)
    assert refusal(lambda: running.client.metadata(request)) == ("INVALID_ARGUMENT", text)


def test_metadata_of_an_unknown_model_is_not_found(running: RunningServer) -> None:
    request = metadata_request("nobody", "signature_def")
    refused = refusal(lambda: running.client.metadata(request))
    assert refused == ("NOT_FOUND", "Servable not found for request: Latest(nobody)")


def status_request(model: str, version: int | None = None, label: str = "") -> GetModelStatusRequest:
    request = GetModelStatusRequest()
    request.model_spec.name = model
    if version is not None:
        request.model_spec.version.value = version
    if label:
        request.model_spec.version_label = label
    return request


def test_status_lists_versions_highest_first(running: RunningServer) -> None:
    rows = running.client.status(status_request("half_plus_two")).model_version_status
    assert [(row.version, row.state, row.status.error_code) for row in rows] == [(2, 30, 0), (1, 30, 0)]


def test_status_of_one_version_lists_it_alone(running: RunningServer) -> None:
    rows = running.client.status(status_request("half_plus_two", version=1)).model_version_status
    assert [row.version for row in rows] == [1]


def test_status_ignores_a_label_even_an_unknown_one(running: RunningServer) -> None:
    rows = running.client.status(status_request("half_plus_two", label="nonsense")).model_version_status
    assert [row.version for row in rows] == [2, 1]


@pytest.mark.parametrize(
    ("model", "version", "text"),
    [
        ("half_plus_two", 5, "Could not find version 5 of model half_plus_two"),
        ("nobody", None, "Could not find any versions of model nobody"),
        ("", None, "Could not find any versions of model "),
    ],
)
def test_status_of_what_was_never_seen_is_not_found(
    running: RunningServer, model: str, version: int | None, text: str
) -> None:
    refused = refusal(lambda: running.client.status(status_request(model, version)))
    assert refused == ("NOT_FOUND", text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently"),
        ("twice", "Illegal to list model m multiple times in config list"),
        ("relative", "Expected model m to have an absolute path or URI; got base_path()=m"),
        ("platform", "Illegal setting neither ModelServerConfig::model_type (deprecated) nor"),
        ("other", "Model m requests unsupported platform other"),
    ],
)
def test_reload_refuses_a_wrong_list_and_changes_nothing(running: RunningServer, text: str, reason: str) -> None:
    request = ReloadConfigRequest()
    if text:
        request.config.CopyFrom(model_list(("m", "m" if text == "relative" else "/nowhere", "")))
        models = request.config.model_config_list.config
        if text == "twice":
            models.append(models[0])
        elif text == "platform":
            models[0].model_platform = ""
        elif text == "other":
            models[0].model_platform = "other"
    code, details = refusal(lambda: running.client.reload(request))
    assert code == "INVALID_ARGUMENT"
    assert details.startswith(reason)
    assert running.client.states("half_plus_two") == {2: 30, 1: 30}


def test_methods_that_are_not_offered_are_unimplemented(running: RunningServer) -> None:
    call = running.client.channel.unary_unary("/tensorflow.serving.SessionService/SessionRun")
    assert refusal(lambda: call(b"", timeout=5))[0] == "UNIMPLEMENTED"


@pytest.mark.parametrize(("service", "serving"), [("", True), ("PredictionService", True), ("nobody", False)])
def test_health_service_is_serving_once_the_port_is_open(running: RunningServer, service: str, serving: bool) -> None:
    call = running.client.channel.unary_unary("/grpc.health.v1.Health/Check")
    request = b"\n" + bytes([len(service)]) + service.encode()
    if serving:
        assert call(request, timeout=5) == b"\x08\x01"
    else:
        assert refusal(lambda: call(request, timeout=5))[0] == "NOT_FOUND"


@pytest.mark.parametrize(("service", "status"), [("ModelService", b"\x08\x01"), ("nobody", b"\x08\x03")])
def test_watchers_of_the_health_service_hold_no_thread(running: RunningServer, service: str, status: bytes) -> None:
    call = running.client.channel.unary_stream("/grpc.health.v1.Health/Watch")
    request = b"\n" + bytes([len(service)]) + service.encode()
    streams = [call(request, timeout=60) for _ in range(40)]
    assert [next(stream) for stream in streams] == [status] * 40
    assert running.client.run("half_plus_two", x=ONE).outputs["y"].float_val[0] == 3.5
    for stream in streams:
        stream.cancel()


def test_long_error_texts_are_cut() -> None:
    assert cut("x" * 1024) == "x" * 1024
    assert cut("x" * 1025) == "x" * 1024 + "...TRUNCATED"


def test_reload_tells_by_how_much_the_counters_grew_that_it_was_asked_for(saved_models: Path, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, model_name="m", model_base_path=str(saved_models / "half_plus_two"))
    loads = "/tensorflow/cc/saved_model/load_attempt_count"
    base = saved_models / "half_plus_two"
    config = model_list(("m", base, ""), ("new", base, ""))
    answer = server.client.reload(ReloadConfigRequest(config=config, metric_names=[loads, "/no/such/counter"]))
    assert [(each.name, each.int64_value_increase) for each in answer.metric] == [(loads, 1)]
    server.stop()


def test_operations_one_by_one_answer_alike_and_refuse_without_the_node(saved_models: Path, tmp_path: Path) -> None:
    base = str(saved_models / "rollcall")
    server = RunningServer(tmp_path, model_name="m", model_base_path=base, run_operations_one_by_one=True)
    answer = server.client.run("m", features=np.zeros([2, F], np.float32)).outputs["probabilities"]
    assert np.allclose(from_proto(answer).sum(1), 1)
    refused = refusal(lambda: server.client.run("m", features=np.zeros([1, F - 1], np.float32)))
    assert refused == ("INVALID_ARGUMENT", f"Matrix size-incompatible: In[0]: [1,{F - 1}], In[1]: [{F},4]")
    server.stop()
