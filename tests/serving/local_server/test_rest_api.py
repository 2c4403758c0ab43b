"""The REST API: addresses, JSON in and out, the number format, the error tables."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import urllib.request
from typing import Any

import numpy as np
import pytest

from contracts.features import F
from tests.serving.harness import RunningServer

HALF = "/v1/models/half_plus_two"
SHAPES = "/v1/models/shapes"


def predict(running: RunningServer, path: str, **body: Any) -> Any:
    code, answer = running.http("POST", path, body)
    assert code == 200, answer
    return answer


def refusal(running: RunningServer, path: str, body: Any) -> tuple[int, str]:
    code, answer = running.http("POST", path, body)
    assert list(answer) == ["error"]
    return code, answer["error"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (f"{HALF}:predict", [2.5 + 1, 3.0 + 1, 4.5 + 1]),
        (f"{HALF}/versions/1:predict", [2.5, 3.0, 4.5]),
        (f"{HALF}/labels/stable:predict", [2.5, 3.0, 4.5]),
        ("/V1/Models/half_plus_two:PREDICT", [3.5, 4.0, 5.5]),
        ("/v1/models/half%5Fplus%5ftwo:predict", [3.5, 4.0, 5.5]),
    ],
)
def test_the_tutorials_request_is_answered(running: RunningServer, path: str, values: list[float]) -> None:
    assert predict(running, path, instances=[1.0, 2.0, 5.0]) == {"predictions": values}


def test_answer_is_laid_out_as_the_original_lays_it_out(running: RunningServer) -> None:
    request = urllib.request.Request(f"{running.url}{HALF}:predict", b'{"instances": [1.0, 2.0, 5.0]}')
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.read() == b'{\n    "predictions": [3.5, 4.0, 5.5\n    ]\n}'


def test_rows_of_several_inputs_and_outputs_are_objects(running: RunningServer) -> None:
    answer = predict(running, f"{SHAPES}:predict", instances=[{"a": 1, "b": 2}, {"b": 1, "a": 4}])
    assert answer == {"predictions": [{"difference": -1.0, "sum": 3.0}, {"difference": 3.0, "sum": 5.0}]}


def test_columns_of_several_inputs_and_outputs_are_objects(running: RunningServer) -> None:
    answer = predict(running, f"{SHAPES}:predict", signature_name="add", inputs={"a": [1, 4], "b": [2, 1], "c": 0})
    assert answer == {"outputs": {"difference": [-1.0, 3.0], "sum": [3.0, 5.0]}}


@pytest.mark.parametrize("value", [2.0, [2.0, 4.0], [[1.0], [2.0]], []])
def test_column_of_one_input_is_a_bare_value(running: RunningServer, value: Any) -> None:
    assert predict(running, f"{SHAPES}:predict", signature_name="any_shape", inputs=value) == {"outputs": value}


def test_strings_and_bytes_pass_both_ways(running: RunningServer) -> None:
    encoded = {"b64": base64.b64encode(b"ab\xff").decode()}
    answer = predict(running, f"{SHAPES}:predict", signature_name="shout", instances=["é x", {"b64": "YWI="}])
    assert answer["predictions"] == [
        {"loud": "é X", "loud_bytes": {"b64": base64.b64encode("é X".encode()).decode()}},
        {"loud": "AB", "loud_bytes": {"b64": "QUI="}},
    ]
    answer = predict(running, f"{SHAPES}:predict", signature_name="shout", inputs=[encoded])
    assert answer["outputs"]["loud_bytes"] == [{"b64": base64.b64encode(b"AB\xff").decode()}]


def test_numbers_are_written_in_the_originals_format(running: RunningServer) -> None:
    values = ["0.2", "9e+06", "3e-05", "0.33333333333", "1", "NaN", "Infinity", "-Infinity", "1e300", "-0.0"]
    body = f'{{"signature_name": "any_shape", "instances": [{", ".join(values)}]}}'.encode()
    request = urllib.request.Request(f"{running.url}{SHAPES}:predict", body)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    assert text.split("[")[1].split("]")[0].split() == [
        *("0.2,", "9e+06,", "3e-05,", "0.333333343,", "1.0,", "NaN,", "Infinity,", "-Infinity,", "Infinity,", "-0.0")
    ]


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("float64", [0.1, 1.0000000000000002]),
        ("int8", [-5, 5]),
        ("uint8", [0, 255]),
        ("int16", [-300]),
        ("int32", [-(2**31), 2**31 - 1]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint32", [2**32 - 1]),
        ("uint64", [2**64 - 1]),
        ("bool", [True, False]),
        ("string", ["", 'a\u2028\\"\n\x01']),
    ],
)
def test_every_json_type_comes_back_as_it_was(running: RunningServer, signature: str, values: list[Any]) -> None:
    answer = predict(running, "/v1/models/echo:predict", signature_name=signature, instances=values)
    assert answer == {"predictions": values}
    assert [type(value) for value in answer["predictions"]] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("path", "body", "code", "error"),
    [
        (f"{HALF}:predict", b"", 400, "JSON Parse error: The document is empty"),
        (f"{HALF}:predict", b"{x", 400, "JSON Parse error: Missing a name for object member. at offset: 1"),
        ("/v1/models/nobody:predict", b"nonsense", 400, "JSON Parse error: Invalid value. at offset: 0"),
        (f"{HALF}:predict", b"[1]", 400, "JSON Value: [\n    1\n] Is not object"),
        (
            "/v1/models/nobody:predict",
            b'{"signature_name": 5}',
            400,
            (
                'JSON Value: {\n    "signature_name": 5\n} not formatted correctly. '
                "'signature_name' key must be a string value."
            ),
        ),
        ("/v1/models/nobody:predict", b"{}", 404, "Servable not found for request: Latest(nobody)"),
        (f"{HALF}/versions/9:predict", b"{}", 404, "Servable not found for request: Specific(half_plus_two, 9)"),
        (f"{HALF}/labels/q:predict", b"{}", 400, "Unrecognized servable version label: q"),
        (
            f"{HALF}:predict",
            b'{"signature_name": "q"}',
            400,
            'Serving signature name: "q" not found in signature def',
        ),
        (f"{HALF}:predict", b"{}", 400, "Missing 'inputs' or 'instances' key"),
        (
            f"{HALF}:predict",
            b'{"inputs":1,"instances":[1]}',
            400,
            (
                'JSON Value: {\n    "inputs": 1,\n    "instances": [\n        1\n    ]\n} Not formatted correctly '
                "expecting only one of 'inputs' or 'instances' keys to exist "
            ),
        ),
        (
            f"{HALF}:predict",
            b'{"instances":1}',
            400,
            "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array",
        ),
        (
            f"{HALF}:predict",
            b'{"instances":[]}',
            400,
            "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array",
        ),
        (
            f"{SHAPES}:predict",
            b'{"instances":[1]}',
            400,
            (
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
                "tensorinfo_map"
            ),
        ),
        (
            f"{SHAPES}:predict",
            b'{"inputs":[1]}',
            400,
            (
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            ),
        ),
        (f"{SHAPES}:predict", b'{"inputs":{"a":[1]}}', 400, "Missing named input: b in 'inputs' object."),
        (
            f"{SHAPES}:predict",
            b'{"instances":[{"a":1}]}',
            400,
            (
                "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"a\": 1\n} "
                "keys must be equal to: a,b"
            ),
        ),
        (
            f"{SHAPES}:predict",
            b'{"instances":[{"a":1,"b":2,"q":3}]}',
            400,
            (
                "Failed to process element: 0 key: q of 'instances' list. Error: INVALID_ARGUMENT: JSON object: "
                "does not have named input: q"
            ),
        ),
        (
            f"{SHAPES}:predict",
            b'{"instances":[{"a":1,"b":2},3]}',
            400,
            "Expecting object but got list at item 1 of input list",
        ),
        (
            f"{HALF}:predict",
            b'{"instances":[1,{"x":1}]}',
            400,
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            f"{SHAPES}:predict",
            b'{"instances":[{"a":1,"b":2},{"a":[1,2],"b":2}]}',
            400,
            (
                "Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
                "tensor size: 1 but got: 2"
            ),
        ),
        (
            f"{HALF}:predict",
            b'{"instances":[[1],[[1]]]}',
            400,
            (
                "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [1] "
                "but got: [1,1]"
            ),
        ),
        (
            f"{HALF}:predict",
            b'{"instances":["x"]}',
            400,
            (
                "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"x\" "
                "Type: String is not of expected type: float"
            ),
        ),
        (f"{HALF}:predict", b'{"inputs":true}', 400, "JSON Value: true Type: True is not of expected type: float"),
        (
            f"{HALF}:predict",
            b'{"inputs":{"x":{"b64":"YQ=="}}}',
            400,
            'JSON Value: {\n    "b64": "YQ=="\n} Type: Object is not of expected type: float',
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"int32","inputs":1.0}',
            400,
            "JSON Value: 1.0 Type: Number is not of expected type: int32",
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"int32","inputs":2147483648}',
            400,
            "JSON Value: 2147483648 Type: Number is not of expected type: int32",
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"bool","inputs":1}',
            400,
            "JSON Value: 1 Type: Number is not of expected type: bool",
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"string","inputs":[{"b64":"*"}]}',
            400,
            "Unable to base64 decode",
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"string","inputs":[{"b64":1}]}',
            400,
            'JSON Value: {\n    "b64": 1\n} not formatted correctly for base64 data',
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"float16","inputs":1}',
            501,
            "Conversion of JSON Value: 1 to type: half",
        ),
        (
            "/v1/models/echo:predict",
            b'{"signature_name":"float16","instances":[1]}',
            400,
            (
                "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: Conversion of JSON Value: "
                "1 to type: half"
            ),
        ),
        (
            f"{HALF}:predict",
            b'{"inputs":[[1,2],[1,2,3]]}',
            400,
            "Encountered list at unexpected size: 3 at level: 1 expected size: 2",
        ),
        (
            f"{HALF}:predict",
            b'{"inputs":[[1,2],3]}',
            400,
            "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        (
            f"{HALF}:predict",
            b'{"inputs":[1,[2]]}',
            400,
            "Encountered list at unexpected level: 1 expected < 1",
        ),
        (
            f"{SHAPES}:predict",
            b'{"signature_name":"uneven","instances":[1]}',
            400,
            "Tensor name: two has inconsistent batch size: 2 expecting: 1",
        ),
        (
            f"{SHAPES}:predict",
            b'{"signature_name":"total","instances":[1]}',
            400,
            "Tensor name: total has no shape information ",
        ),
    ],
)
def test_refusals_have_the_originals_code_and_text(
    running: RunningServer, path: str, body: bytes, code: int, error: str
) -> None:
    assert refusal(running, path, body) == (code, error)


def test_error_of_an_operation_is_told(running: RunningServer) -> None:
    code, error = refusal(running, "/v1/models/rollcall:predict", {"instances": [[1.0, 2.0]]})
    assert code == 400
    assert error.startswith("Matrix size-incompatible")


def test_what_follows_the_first_document_is_ignored(running: RunningServer) -> None:
    assert running.http("POST", f"{HALF}:predict", b'{"instances": [1]} trailing')[0] == 200


def test_nesting_has_no_limit(running: RunningServer) -> None:
    depth = 100_000
    code, answer = running.http("POST", f"{HALF}:predict", b'{"inputs":' + b"[" * depth + b"1" + b"]" * depth + b"}")
    assert (code, answer) == (400, {"error": "tensor parsing error: x"})


def test_gzip_body_is_unpacked(running: RunningServer) -> None:
    body = gzip.compress(b'{"instances": [1.0]}')
    code, answer = running.http("POST", f"{HALF}:predict", body, {"Content-Encoding": "gzip"})
    assert (code, answer) == (200, {"predictions": [3.5]})


@pytest.mark.parametrize("body", [b"abcde", gzip.compress(b'{"instances": [1.0]}')[:-9], gzip.compress(bytes(2**27))])
def test_gzip_that_cannot_be_unpacked_or_is_too_large_is_no_body(running: RunningServer, body: bytes) -> None:
    answer = running.http("POST", f"{HALF}:predict", body, {"Content-Encoding": "x-gzip"})
    assert answer == (400, {"error": "JSON Parse error: The document is empty"})


def send(running: RunningServer, text: str) -> bytes:
    """The answer to these lines."""
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("size", ["-5", "x", ""])
def test_chunk_without_a_size_is_refused_at_once(running: RunningServer, size: str) -> None:
    head = f"POST {HALF}:predict HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
    assert send(running, f"{head}{size}\nabc\n0\n\n").startswith(b"HTTP/1.1 400 ")


def test_address_may_be_absolute(running: RunningServer) -> None:
    asked = f"GET {running.url}{HALF} HTTP/1.1\nHost: x\nConnection: close\n\n"
    assert send(running, asked).startswith(b"HTTP/1.1 200 ")


def test_chunked_body_is_read(running: RunningServer) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    head = f"POST {HALF}:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = '7\r\n{"insta\r\nd\r\nnces": [1.0]}\r\n0\r\n\r\n'
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall((head + chunks).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"predictions": [3.5' in answer


def test_connection_serves_several_requests(running: RunningServer) -> None:
    import http.client

    host, port = running.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    for _ in range(3):
        connection.request("POST", f"{HALF}:predict", b'{"instances": [1.0]}')
        assert json.loads(connection.getresponse().read()) == {"predictions": [3.5]}
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "code", "error"),
    [
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/nobody", 404, "Could not find any versions of model nobody"),
        ("GET", f"{HALF}/versions/5", 404, "Could not find version 5 of model half_plus_two"),
        ("GET", f"{HALF}/versions/5/metadata", 404, "Servable not found for request: Specific(half_plus_two, 5)"),
        (
            "GET",
            f"{HALF}/versions/99999999999999999999",
            400,
            "Failed to convert version: 99999999999999999999 to numeric.",
        ),
        ("GET", "/v1/nothing", 400, "Malformed request: GET /v1/nothing"),
        ("GET", f"{HALF}:predict", 400, "Malformed request: GET /v1/models/half_plus_two:predict"),
        ("GET", f"{HALF}?x=1", 404, "Could not find any versions of model half_plus_two?x=1"),
        ("POST", f"{HALF}:predict?x=1", 400, "Malformed request: POST /v1/models/half_plus_two:predict?x=1"),
        ("PUT", HALF, 400, "Malformed request: PUT /v1/models/half_plus_two"),
        ("DELETE", HALF, 400, "Malformed request: DELETE /v1/models/half_plus_two"),
        ("POST", HALF, 400, "Malformed request: POST /v1/models/half_plus_two"),
    ],
)
def test_addresses_are_checked(running: RunningServer, method: str, path: str, code: int, error: str) -> None:
    assert running.http(method, path, b"" if method == "POST" else None) == (code, {"error": error})


def test_outside_of_v1_is_a_plain_404(running: RunningServer) -> None:
    code, text = running.http("GET", "/healthz")
    assert code == 404
    assert isinstance(text, str)


@pytest.mark.parametrize(("origin", "code"), [({"Origin": "https://a.example"}, 200), ({}, 400)])
def test_preflight_needs_an_origin(running: RunningServer, origin: dict[str, str], code: int) -> None:
    assert running.http("OPTIONS", f"{HALF}:predict", None, origin) == (code, "")


def test_status_prints_numbers_as_strings_and_states_by_name(running: RunningServer) -> None:
    status = {"error_code": "OK", "error_message": ""}
    rows = [{"version": str(number), "state": "AVAILABLE", "status": status} for number in (2, 1)]
    assert running.http("GET", HALF) == (200, {"model_version_status": rows})
    assert running.http("GET", f"{HALF}/versions/1") == (200, {"model_version_status": rows[1:]})
    assert running.http("GET", f"{HALF}/labels/stable")[1] == {"model_version_status": rows}


def test_metadata_prints_the_fields_that_have_their_default(running: RunningServer) -> None:
    code, answer = running.http("GET", f"{HALF}/metadata")
    assert code == 200
    assert answer["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "2"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["defaults"] == {}
    assert signature["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "name": "x:0",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}], "unknown_rank": False},
    }


def test_large_batches_pass(running: RunningServer) -> None:
    rows = np.linspace(-1, 1, 1024 * F, dtype=np.float32).reshape(1024, F)
    answer = predict(running, "/v1/models/rollcall:predict", instances=rows.tolist())
    written = np.array([row["probabilities"] for row in answer["predictions"]], np.float32)
    exact = running.client.run("rollcall", features=rows).outputs["probabilities"].float_val
    assert written.ravel().tolist() == list(exact)


def test_metrics_page_counts_in_the_originals_dialect(running: RunningServer) -> None:
    predict(running, f"{HALF}:predict", instances=[1.0])
    running.client.run("half_plus_two", x=np.ones([1, 1], np.float32))
    running.http("GET", "/v1/nothing")
    code, page = running.http("GET", "/monitoring/prometheus/metrics")
    assert code == 200
    for line in (
        "# TYPE :tensorflow:serving:request_count counter",
        "# TYPE :tensorflow:serving:request_latency histogram",
        ':tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} ',
        ':tensorflow:serving:request_count{model_name="",status="INVALID_ARGUMENT"} ',
        ':request_latency_bucket{model_name="half_plus_two",API="predict",entrypoint="REST",le="10"} ',
        ':tensorflow:serving:request_latency_count{model_name="half_plus_two",API="Predict",entrypoint="GRPC"} ',
        ':tensorflow:serving:runtime_latency_sum{model_name="half_plus_two",API="Predict",runtime="TF1"} ',
        'le="1.47476e+09"} ',
        'le="+Inf"} ',
        ":tensorflow:core:graph_runs{} ",
        ',status="success"} 1',
    ):
        assert line in page, line
