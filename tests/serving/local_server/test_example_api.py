"""Classify, Regress and MultiInference on lists of tf.Example, with TensorFlow Serving's refusals."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from contracts.serving_protos import (
    ClassificationRequest,
    Example,
    Input,
    MultiInferenceRequest,
    RegressionRequest,
)
from serving.local_server.json_examples import read_examples
from tests.serving.harness import RunningServer

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def example(**features: float) -> Example:
    record = Example()
    for name, value in features.items():
        record.features.feature[name].float_list.value.append(value)
    return record


def examples(*values: float) -> Input:
    given = Input()
    given.example_list.examples.extend(example(x=value) for value in values)
    return given


def named(kind: Any, signature: str, model: str = "examples", given: Input | None = None) -> Any:
    request = kind(input=examples(2.0) if given is None else given)
    request.model_spec.name, request.model_spec.signature_name = model, signature
    return request


def tasks(*wanted: tuple[str, str], model: str = "shared", given: Input | None = None) -> MultiInferenceRequest:
    request = MultiInferenceRequest(input=examples(2.0) if given is None else given)
    for signature, method in wanted:
        task = request.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = model, signature
    return request


def refusal(call: Callable[[Any], Any], request: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    return caught.value.code().name, caught.value.details()


def test_each_example_gets_a_number(running: RunningServer) -> None:
    response = running.client.regress(named(RegressionRequest, "regress", given=examples(2.0, 4.0)))
    assert [each.value for each in response.result.regressions] == [3.0, 4.0]
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("examples", 1, "regress")


def test_each_example_gets_classes_with_scores(running: RunningServer) -> None:
    response = running.client.classify(named(ClassificationRequest, "classify", given=examples(2.0, 4.0)))
    rows = [[(each.label, each.score) for each in row.classes] for row in response.result.classifications]
    assert rows == [[("half", 1.0), ("whole", 2.0)], [("half", 2.0), ("whole", 4.0)]]
    assert response.model_spec.version.value == 1


def test_classes_without_names_have_empty_labels(running: RunningServer) -> None:
    response = running.client.classify(named(ClassificationRequest, "score"))
    assert [(each.label, each.score) for each in response.result.classifications[0].classes] == [("", 2.0)]


def test_a_signature_of_tf1_answers_by_default(running: RunningServer) -> None:
    response = running.client.regress(named(RegressionRequest, "", "shared"))
    assert response.result.regressions[0].value == 3.0
    assert response.model_spec.signature_name == "serving_default"


def test_a_context_counts_where_the_example_says_nothing(running: RunningServer) -> None:
    given = Input()
    given.example_list_with_context.context.CopyFrom(example(x=8.0))
    given.example_list_with_context.examples.extend([example(y=1.0), example(x=2.0)])
    response = running.client.regress(named(RegressionRequest, "regress", given=given))
    assert [each.value for each in response.result.regressions] == [6.0, 3.0]


@pytest.mark.parametrize("given", [Input(), examples()])
def test_no_examples_are_refused(running: RunningServer, given: Input) -> None:
    request = named(RegressionRequest, "regress", given=given)
    assert refusal(running.client.regress, request) == ("INVALID_ARGUMENT", "Input is empty.")


def test_request_without_model_spec_is_refused(running: RunningServer) -> None:
    for call, request in (
        (running.client.regress, RegressionRequest(input=examples(1.0))),
        (running.client.classify, ClassificationRequest(input=examples(1.0))),
    ):
        assert refusal(call, request) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_missing_signature_is_an_invalid_argument(running: RunningServer) -> None:
    expected = ("INVALID_ARGUMENT", "No signature was found with the name: nothing")
    assert refusal(running.client.regress, named(RegressionRequest, "nothing")) == expected
    assert refusal(running.client.classify, named(ClassificationRequest, "nothing")) == expected


def test_unknown_model_is_not_found(running: RunningServer) -> None:
    refused = refusal(running.client.classify, named(ClassificationRequest, "", "nobody"))
    assert refused == ("NOT_FOUND", "Servable not found for request: Latest(nobody)")


@pytest.mark.parametrize(
    ("model", "signature", "code", "beginning"),
    [
        ("shapes", "add", "INVALID_ARGUMENT", "Expected one input Tensor."),
        ("shapes", "total", "FAILED_PRECONDITION", "No regression inputs found in SignatureDef: "),
        ("examples", "elsewhere", "FAILED_PRECONDITION", "No regression inputs found in SignatureDef: "),
        ("examples", "score", "FAILED_PRECONDITION", "No regression outputs found in SignatureDef: "),
        ("examples", "classify", "INVALID_ARGUMENT", "Expected one output Tensor."),
        (
            *("examples", "wide", "INVALID_ARGUMENT"),
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,3]",
        ),
    ],
)
def test_signature_that_does_not_regress_is_refused(
    running: RunningServer, model: str, signature: str, code: str, beginning: str
) -> None:
    refused = refusal(running.client.regress, named(RegressionRequest, signature, model))
    assert refused[0] == code
    assert refused[1].startswith(beginning)


@pytest.mark.parametrize(
    ("model", "signature", "code", "beginning"),
    [
        ("shapes", "add", "INVALID_ARGUMENT", "Expected one input Tensor."),
        ("shapes", "total", "FAILED_PRECONDITION", "No classification inputs found in SignatureDef: "),
        (
            *("examples", "regress", "FAILED_PRECONDITION"),
            'Expected classification signature outputs to contain at least one of "classes" or "scores".',
        ),
        (
            *("examples", "flat", "INVALID_ARGUMENT"),
            "Expected Tensor shape: [batch_size num_classes] but got [1]",
        ),
    ],
)
def test_signature_that_does_not_classify_is_refused(
    running: RunningServer, model: str, signature: str, code: str, beginning: str
) -> None:
    refused = refusal(running.client.classify, named(ClassificationRequest, signature, model))
    assert refused[0] == code
    assert refused[1].startswith(beginning)


def test_several_signatures_answer_in_one_call(running: RunningServer) -> None:
    request = tasks(("regress_3", REGRESS), ("classify", CLASSIFY), ("", REGRESS), given=examples(2.0, 4.0))
    first, second, third = running.client.multi_inference(request).results
    assert [each.value for each in first.regression_result.regressions] == [4.0, 5.0]
    assert [each.score for each in second.classification_result.classifications[1].classes] == [4.0, 8.0]
    assert [each.value for each in third.regression_result.regressions] == [3.0, 4.0]
    names = [(each.model_spec.signature_name, each.model_spec.version.value) for each in (first, second, third)]
    assert names == [("regress_3", 1), ("classify", 1), ("serving_default", 1)]


def test_signatures_of_tf2_have_inputs_of_their_own_and_get_the_same_examples(running: RunningServer) -> None:
    request = tasks(("regress", REGRESS), ("classify", CLASSIFY), model="examples", given=examples(2.0, 4.0))
    regression, classification = running.client.multi_inference(request).results
    assert [each.value for each in regression.regression_result.regressions] == [3.0, 4.0]
    rows = classification.classification_result.classifications
    assert [[(each.label, each.score) for each in row.classes] for row in rows] == [
        [("half", 1.0), ("whole", 2.0)],
        [("half", 2.0), ("whole", 4.0)],
    ]


def test_wrong_tasks_are_refused(running: RunningServer) -> None:
    call = running.client.multi_inference
    two_models = tasks(("", REGRESS))
    two_models.tasks.add(method_name=REGRESS).model_spec.name = "examples"
    nameless = tasks(("", REGRESS))
    nameless.tasks.add(method_name=REGRESS)
    expected = [
        (MultiInferenceRequest(), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (nameless, "INVALID_ARGUMENT", "Found ModelSpec with an empty model name."),
        (
            *(two_models, "INVALID_ARGUMENT"),
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            *(tasks(("", REGRESS), ("serving_default", REGRESS)), "INVALID_ARGUMENT"),
            "Duplicate evaluation of signature: serving_default",
        ),
        (
            *(tasks(("nothing", REGRESS)), "INVALID_ARGUMENT"),
            "Requested signature not found in model graph: nothing",
        ),
        (tasks(("", "what")), "UNIMPLEMENTED", "Unsupported signature method_name: what"),
        (tasks(("", REGRESS), given=Input()), "INVALID_ARGUMENT", "Input is empty."),
    ]
    for request, code, text in expected:
        assert refusal(call, request) == (code, text)


def test_rest_classifies(running: RunningServer) -> None:
    body = {"signature_name": "classify", "examples": [{"x": [2.0]}, {"x": 4.5}]}
    answer = running.http("POST", "/v1/models/examples:classify", body)
    assert answer == (200, {"results": [[["half", 1.0], ["whole", 2.0]], [["half", 2.25], ["whole", 4.5]]]})


def test_rest_regresses_with_a_context(running: RunningServer) -> None:
    body = {"signature_name": "regress", "context": {"x": 8.0}, "examples": [{}, {"x": 2.0}]}
    assert running.http("POST", "/v1/models/examples/versions/1:regress", body) == (200, {"results": [6.0, 3.0]})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"a": 1}, 'JSON Value: {\n    "a": 1\n} When method is classify, key'),
        ({"examples": 1}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [[1]]}, "Example must be JSON object but got JSON Array"),
        ({"examples": [True]}, "Example must be JSON object but got JSON True"),
        ({"context": None, "examples": [{"x": 1.0}]}, "Example must be JSON object but got JSON Null"),
        ({"context": 3, "examples": [{"x": 1.0}]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"names": [1, "a"]}]}, "Unexpected element type in feature: names expecting type: int64"),
        ({"examples": [{"names": ["a", 1]}]}, "Unexpected element type in feature: names expecting type: bytes"),
        ({"examples": [{"x": [1.5, 2, None]}]}, "Unexpected element type in feature: x expecting type: float"),
        ({"examples": [{"x": [1.5, 2**63]}]}, "Unexpected element type in feature: x expecting type: float"),
        ({"examples": [{"names": None}]}, "Feature: names has element with unexpected JSON type: Null"),
        ({"examples": [{"names": [[1]]}]}, "Feature: names has element with unexpected JSON type: Array"),
        ({"examples": [{"n": 2**63}]}, "Feature: n has uint64_t element. Only int64_t is supported."),
        ({"examples": [{"n": {"b64": 1}}]}, "Feature: n has element with unexpected JSON type: Object"),
        ({"signature_name": 3, "examples": [{}]}, "'signature_name' key must be a string value."),
    ],
)
def test_rest_refuses_what_are_no_examples(running: RunningServer, body: object, text: str) -> None:
    for verb in ("classify", "regress"):
        code, answer = running.http("POST", f"/v1/models/examples:{verb}", body)
        assert code == 400
        assert text in answer["error"]


def test_rest_says_no_more_of_bytes_that_are_no_base64(running: RunningServer) -> None:
    answer = running.http("POST", "/v1/models/examples:regress", {"examples": [{"n": {"b64": "%"}}]})
    assert answer == (400, {"error": "Unable to base64 decode"})


@pytest.mark.parametrize("verb", ["predict", "classify", "regress"])
@pytest.mark.parametrize("name", [b"\xce", b"\\ud800"])
def test_names_that_are_no_text_are_names_of_nothing(running: RunningServer, verb: str, name: bytes) -> None:
    body = b'{"signature_name": "a%s", "examples": [{"%s": 1}]}' % (name, name)
    code, answer = running.http("POST", f"/v1/models/examples:{verb}", body)
    assert (code, "a?" in answer["error"]) == (400, True)


def test_base64_of_a_feature_needs_no_padding() -> None:
    (example,) = read_examples(
        {"examples": [{"n": [{"b64": "aGVsbG8"}, {"b64": "aGVs\nbG8="}, "a"]}]}
    ).example_list.examples
    assert list(example.features.feature["n"].bytes_list.value) == [b"hello", b"hello", b"a"]


def test_truth_values_are_whole_numbers() -> None:
    (example,) = read_examples({"examples": [{"n": [1, True, False]}]}).example_list.examples
    assert list(example.features.feature["n"].int64_list.value) == [1, 1, 0]


def test_whole_number_beyond_64_bits_is_a_float() -> None:
    (example,) = read_examples({"examples": [{"n": [2**64, -(10**400)]}]}).example_list.examples
    assert list(example.features.feature["n"].float_list.value) == [2.0**64, float("-inf")]


def test_results_are_laid_out_as_the_original_lays_them_out(running: RunningServer) -> None:
    def answer(verb: str, signature: str) -> bytes:
        body = json.dumps({"signature_name": signature, "examples": [{"x": 2.0}, {"x": 4.5}]}).encode()
        with urllib.request.urlopen(f"{running.url}/v1/models/examples:{verb}", body, timeout=20) as reply:
            return bytes(reply.read())

    assert answer("regress", "regress") == b'{\n    "results": [3.0, 4.25]\n}'
    assert answer("classify", "score") == b'{\n    "results": [[["", 2.0]], [["", 4.5]]\n    ]\n}'


def test_rest_names_a_missing_signature(running: RunningServer) -> None:
    code, answer = running.http("POST", "/v1/models/examples:regress", {"examples": [{"x": 1.0}]})
    assert (code, answer["error"]) == (400, "No signature was found with the name: serving_default")


def test_examples_are_counted(running: RunningServer) -> None:
    running.client.multi_inference(tasks(("", REGRESS), given=examples(1.0, 2.0, 3.0)))
    running.client.regress(named(RegressionRequest, "regress"))
    page = running.http("GET", "/monitoring/prometheus/metrics")[1]
    assert ':tensorflow:serving:request_example_count_total{model="shared"}' in page
    assert ':tensorflow:serving:request_latency_count{model_name="examples",API="Regress",entrypoint="GRPC"}' in page
