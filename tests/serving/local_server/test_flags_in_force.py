"""What single flags change in a running server, and what holds without them."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from bench.ports import free_port
from contracts.serving_protos import RegressionRequest
from contracts.tensors import from_proto
from serving.local_server.errors import StatusError
from serving.local_server.model_configuration import UnreadableConfig
from tests.serving.harness import Client, RunningServer, predict_request
from tests.serving.server_process import Process, until

Serve = Callable[..., RunningServer]
HALF = np.ones([2, 1], np.float32)


@pytest.fixture
def serve(saved_models: Path, tmp_path: Path) -> Iterator[Serve]:
    """A server of one of the saved models, called `m`."""
    servers: list[RunningServer] = []

    def begin(model: str, **flags: Any) -> RunningServer:
        base = str(saved_models / model)
        servers.append(RunningServer(tmp_path, model_name="m", model_base_path=base, **flags))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


def has_ipv6() -> bool:
    """Whether this machine has an address to ask; containers often have none."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


def test_by_default_there_is_no_health_service_no_metrics_page_and_no_cors(serve: Serve) -> None:
    server = serve("half_plus_two")
    check = server.client.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert refusal(lambda: check(b"", timeout=5))[0] == "UNIMPLEMENTED"
    assert server.http("GET", "/monitoring/prometheus/metrics")[0] == 404
    with urllib.request.urlopen(f"{server.url}/v1/models/m", timeout=10) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_cors_headers_come_with_every_rest_answer_where_asked_for(serve: Serve) -> None:
    server = serve("half_plus_two", rest_api_enable_cors_support=True)
    wanted = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type",
    }
    with urllib.request.urlopen(f"{server.url}/v1/models/m", timeout=10) as answer:
        assert wanted.items() <= dict(answer.headers).items()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/v1/models/nobody", timeout=10)
    with refused.value as error:
        assert wanted.items() <= dict(error.headers).items()


def test_path_of_the_metrics_page_can_be_chosen_and_the_page_left_out(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "on").write_text('prometheus_config { enable: true path: "/metrics" }')
    (tmp_path / "off").write_text("prometheus_config { enable: false }")
    server = serve("half_plus_two", monitoring_config_file=str(tmp_path / "on"))
    assert "# TYPE" in server.http("GET", "/metrics")[1]
    assert server.http("GET", "/monitoring/prometheus/metrics")[0] == 404
    assert server.http("GET", "/metrics?x=1") == (400, "Unexpected path: /metrics?x=1. Should be /metrics")
    server.stop()
    server = serve("half_plus_two", monitoring_config_file=str(tmp_path / "off"))
    assert server.http("GET", "/monitoring/prometheus/metrics")[0] == 404


def test_run_over_rest_that_takes_too_long_is_504(serve: Serve) -> None:
    server = serve("shapes", rest_api_timeout_in_ms=50)
    body = {"signature_name": "slow", "instances": [20_000]}
    code, answer = server.http("POST", "/v1/models/m:predict", body)
    assert (code, list(answer)) == (504, ["error"])


def test_any_address_is_any_of_ipv4_and_ipv6(serve: Serve) -> None:
    server = serve("half_plus_two", bind_address="0.0.0.0", port=free_port())
    for host in ("127.0.0.1", "[::1]") if has_ipv6() else ("127.0.0.1",):
        with urllib.request.urlopen(f"http://{host}:{server.server.rest_port}/v1/models/m", timeout=10) as answer:
            assert answer.status == 200
        client = Client(f"{host}:{server.server.grpc_port}")
        assert client.run("m", x=HALF).model_spec.version.value == 3
        client.close()


def test_rest_has_no_time_limit_where_it_is_zero(serve: Serve) -> None:
    server = serve("shapes", rest_api_timeout_in_ms=0)
    body = {"signature_name": "slow", "instances": [50]}
    assert server.http("POST", "/v1/models/m:predict", body)[0] == 200


def test_without_tcp_ports_nothing_is_said_of_them(
    start: Callable[..., Process], saved_models: Path, tmp_path: Path
) -> None:
    base = saved_models / "half_plus_two"
    process = start(f"--model_base_path={base}", "--port=0", f"--grpc_socket_path={tmp_path / 'u'}")
    client = Client(f"unix:{tmp_path / 'u'}")
    until(lambda: "Running gRPC ModelServer" in process.log)
    assert client.run("default", x=HALF).model_spec.version.value == 3
    client.close()
    assert "rest_api_port" not in process.log


def test_load_is_tried_once_where_retries_are_below_zero(serve: Serve) -> None:
    server = serve("half_plus_two", max_num_load_retries=-1)
    assert server.client.run("m", x=HALF).model_spec.version.value == 3


def test_rest_port_equal_to_the_grpc_port_is_left_out_and_the_server_goes_on(
    start: Callable[..., Process], saved_models: Path
) -> None:
    port = free_port()
    base = saved_models / "half_plus_two"
    process = start("--model_name=m", f"--model_base_path={base}", f"--port={port}", f"--rest_api_port={port}")
    process.port = port
    client = process.client()
    assert client.run("m", x=HALF).model_spec.version.value == 3
    assert "--rest_api_port cannot be same as --port." in process.log
    client.close()


def test_other_tags_find_no_graph(serve: Serve) -> None:
    with pytest.raises(StatusError, match=r"Could not find meta graph def matching supplied tags: \{ gpu \}"):
        serve("half_plus_two", saved_model_tags="gpu")


@pytest.mark.parametrize("checked", [False, True])
def test_method_of_a_signature_counts_only_where_asked_for(serve: Serve, checked: bool) -> None:
    """TF2 calls every signature's method predict, whatever its inputs and outputs."""
    server = serve("examples", enable_signature_method_name_check=checked)
    request = RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "m", "regress"
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(2.0)
    if checked:
        code, text = refusal(lambda: server.client.regress(request))
        assert (code, "tensorflow/serving/predict" in text) == ("INVALID_ARGUMENT", True)
    else:
        assert server.client.regress(request).result.regressions[0].value == 3.0


def test_outputs_are_raw_bytes_where_asked_for(serve: Serve) -> None:
    y = serve("half_plus_two", enable_serialization_as_tensor_content=True).client.run("m", x=HALF).outputs["y"]
    assert (len(y.tensor_content), len(y.float_val)) == (8, 0)
    assert from_proto(y).ravel().tolist() == [4.5, 4.5]


def test_raw_bytes_change_nothing_over_rest(serve: Serve) -> None:
    server = serve("half_plus_two", enable_serialization_as_tensor_content=True)
    answer = server.http("POST", "/v1/models/m:predict", {"instances": [[1.0], [1.0]]})
    assert answer == (200, {"predictions": [[4.5], [4.5]]})


@pytest.mark.parametrize("checked", [False, True])
def test_predict_asks_for_a_known_method_only_where_asked_for(serve: Serve, checked: bool) -> None:
    """TensorFlow writes the initialiser of a TF2 model as a signature without a method."""
    server = serve("shapes", enable_signature_method_name_check=checked)
    code, text = refusal(lambda: server.client.run("m", "__saved_model_init_op"))
    known = "Expected prediction signature method_name to be one of {tensorflow/serving/predict, "
    assert (code == "INTERNAL", text.startswith(known)) == (checked, checked)
    assert server.client.run("m", a=HALF, b=HALF).model_spec.version.value == 1


def test_session_configuration_is_read_from_its_file(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "session.config"
    file.write_text("use_per_session_threads: true inter_op_parallelism_threads: 2")
    server = serve("half_plus_two", tensorflow_session_config_file=str(file))
    assert server.client.run("m", x=HALF).model_spec.version.value == 3
    file.write_text("intra_op_parallelism_threads: many")
    with pytest.raises(UnreadableConfig, match=r"^Error parsing text-format tensorflow\.ConfigProto: "):
        serve("half_plus_two", tensorflow_session_config_file=str(file))


def test_threads_bound_the_requests_at_once_and_none_is_refused(serve: Serve) -> None:
    server = serve("shapes", grpc_max_threads=1, rest_api_num_threads=1)
    request = predict_request("m", "slow", steps=np.array([50], np.int32))
    calls = [
        server.client.channel.unary_unary("/tensorflow.serving.PredictionService/Predict").future(
            request.SerializeToString(), timeout=60
        )
        for _ in range(8)
    ]
    assert all(call.result() for call in calls)
