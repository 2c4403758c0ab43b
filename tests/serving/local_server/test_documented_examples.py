"""What TensorFlow Serving's own pages tell a newcomer to type, and what they show as the answer.

Sources: README.md, g3doc/docker.md, g3doc/api_rest.md and the Python clients of g3doc/serving_basic.md.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.ports import free_port
from tests.serving.harness import RunningServer

PYTHON_CLIENT = """
import sys
import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

channel = grpc.insecure_channel(sys.argv[1])
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
request = predict_pb2.PredictRequest()
request.model_spec.name = "half_plus_two"
request.model_spec.signature_name = "serving_default"
request.inputs["x"].CopyFrom(tf.make_tensor_proto([[1.0], [2.0], [5.0]]))
future = stub.Predict.future(request, 10.0)
result = stub.Predict(request, 10.0)
assert future.result() == result
print(tf.make_ndarray(result.outputs["y"]).ravel().tolist(), list(result.outputs["y"].float_val))
"""


@pytest.fixture(scope="module")
def documented(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """half_plus_two as the original's test data has it: one version, in the folder 00000123."""
    folder = tmp_path_factory.mktemp("documented")
    base = folder / "half_plus_two"
    base.mkdir()
    (base / "00000123").symlink_to(saved_models / "half_plus_two" / "1")
    server = RunningServer(folder, model_name="half_plus_two", model_base_path=str(base), port=free_port())
    yield server
    server.stop()


def curl(server: RunningServer, path: str, data: str | None = None) -> tuple[int, Any]:
    """What `curl [-d data] http://localhost:8501path` sends, its headers included."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server.rest_port, timeout=10)
    headers = {"User-Agent": "curl/8.0", "Accept": "*/*"}
    if data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST" if data is not None else "GET", path, data, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_first_curl_of_the_readme(documented: RunningServer) -> None:
    answer = curl(documented, "/v1/models/half_plus_two:predict", '{"instances": [1.0, 2.0, 5.0]}')
    assert answer == (200, {"predictions": [2.5, 3.0, 4.5]})


def test_curl_with_a_named_signature(documented: RunningServer) -> None:
    body = '{"signature_name": "serving_default", "instances": [1.0, 2.0, 5.0]}'
    assert curl(documented, "/v1/models/half_plus_two:predict", body)[1] == {"predictions": [2.5, 3.0, 4.5]}


def test_curl_in_columns(documented: RunningServer) -> None:
    answer = curl(documented, "/v1/models/half_plus_two:predict", '{"inputs": [[1.0], [2.0], [5.0]]}')
    assert answer == (200, {"outputs": [[2.5], [3.0], [4.5]]})


def test_status_page(documented: RunningServer) -> None:
    assert curl(documented, "/v1/models/half_plus_two") == (
        200,
        {
            "model_version_status": [
                {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            ]
        },
    )


def test_metadata_page(documented: RunningServer) -> None:
    code, answer = curl(documented, "/v1/models/half_plus_two/metadata")
    assert (code, answer["model_spec"]) == (
        200,
        {"name": "half_plus_two", "signature_name": "", "version": "123"},
    )
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signature["inputs"]["x"]["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}, {"size": "1", "name": ""}]


def test_model_that_is_not_there(documented: RunningServer) -> None:
    code, answer = curl(documented, "/v1/models/half_plus_three:predict", '{"instances": [1.0]}')
    assert (code, answer) == (404, {"error": "Servable not found for request: Latest(half_plus_three)"})


def test_python_client_with_the_real_tensorflow(documented: RunningServer) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PYTHON_CLIENT, f"127.0.0.1:{documented.server.grpc_port}"],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.splitlines()[-1] == "[2.5, 3.0, 4.5] [2.5, 3.0, 4.5]"
