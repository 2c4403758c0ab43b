"""Against a real gRPC server that answers as TensorFlow Serving does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from contracts.features import FEATURE_NAMES, F
from contracts.model import CLASSES, Description
from contracts.serving_protos import DataType, PredictRequest, PredictResponse
from contracts.tensors import from_proto, to_proto
from gateway.errors import ModelUnavailableError, UnknownSchemaError
from gateway.metrics import Metrics
from gateway.model_client import LABEL_SECONDS, ModelClient
from tests.gateway.fakes import DESCRIPTION, Clock

ONE_ROW = np.zeros((1, F), np.float32)


class ModelServer:
    """Serves `descriptions` (version -> what it says of itself); `stable` is the version under that label.

    `failures` are given first, one for each request, whatever it asks.
    """

    def __init__(self) -> None:
        self.descriptions: dict[int, Description] = {1: DESCRIPTION}
        self.stable = 1
        self.failures: list[grpc.StatusCode] = []
        self.change_answer: Callable[[PredictResponse], None] = lambda _: None
        self.hold = threading.Event()
        self.hold.set()
        self.requests: list[PredictRequest] = []
        self.metadata: list[dict[str, object]] = []
        self._server = grpc.server(ThreadPoolExecutor(4))
        handler = grpc.unary_unary_rpc_method_handler(
            self.predict,
            request_deserializer=PredictRequest.FromString,
            response_serializer=PredictResponse.SerializeToString,
        )
        service = "tensorflow.serving.PredictionService"
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Predict": handler})])
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def predict(self, request: PredictRequest, context: grpc.ServicerContext) -> PredictResponse:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.hold.wait(5)
        if self.failures:
            context.abort(self.failures.pop(0), "as the test wants it")
        spec = request.model_spec
        number = self.stable if spec.version_label else spec.version.value
        if number not in self.descriptions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Specific(rollcall, {number})")
        response = PredictResponse()
        response.model_spec.version.value = number
        if spec.signature_name == "describe":
            text = self.descriptions[number].to_json().encode()
            response.outputs["description"].dtype = DataType.DT_STRING
            response.outputs["description"].tensor_shape.dim.add(size=1)
            response.outputs["description"].string_val.append(text)
        else:
            rows = len(from_proto(request.inputs["features"]))
            outputs = {
                "probabilities": np.tile(np.float32([0.4, 0.3, 0.2, 0.1]), (rows, 1)),
                "confidence": np.full(rows, 0.5, np.float32),
                "contributions": np.full((rows, F, len(CLASSES)), number, np.float32),
            }
            for name, array in outputs.items():
                response.outputs[name].CopyFrom(to_proto(array))
        self.change_answer(response)
        return response

    def signatures(self) -> list[str]:
        return [request.model_spec.signature_name for request in self.requests]

    def stop(self) -> None:
        self.hold.set()
        self._server.stop(0).wait()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    running.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: ModelServer, metrics: Metrics, clock: Clock) -> Iterator[ModelClient]:
    client = ModelClient(server.target, metrics, now=clock)
    yield client
    client.close()


def hops(registry: CollectorRegistry, operation: str, outcome: str) -> float | None:
    labels = {"hop": "model", "operation": operation, "outcome": outcome}
    return registry.get_sample_value("rollcall_gateway_hop_seconds_count", labels)


def test_the_label_is_resolved_once_and_the_version_named(
    server: ModelServer, client: ModelClient, registry: CollectorRegistry
) -> None:
    for _ in range(3):
        prediction = client.explain(ONE_ROW, "id-1")
    assert server.signatures() == ["describe", "explain", "explain", "explain"]
    described, *explained = server.requests
    assert described.model_spec.version_label == "stable"
    assert {request.model_spec.version.value for request in explained} == {1}
    assert prediction.version.number == 1
    assert prediction.version.description == DESCRIPTION
    assert {each["x-request-id"] for each in server.metadata} == {"id-1"}
    assert hops(registry, "explain", "ok") == 3
    assert registry.get_sample_value("rollcall_gateway_model_version", {"label": "stable"}) == 1


def test_outputs_of_many_rows_keep_their_shapes(client: ModelClient) -> None:
    prediction = client.explain(np.zeros((5000, F), np.float32), "id-1")
    assert prediction.probabilities.shape == (5000, 4)
    assert prediction.confidence.shape == (5000,)
    assert prediction.contributions.shape == (5000, F, 4)


def test_a_label_that_moved_is_noticed_within_a_second(server: ModelServer, client: ModelClient, clock: Clock) -> None:
    assert client.explain(ONE_ROW, "id-1").version.number == 1
    server.descriptions[2] = server.descriptions[1]
    server.stable = 2
    assert client.explain(ONE_ROW, "id-1").version.number == 1
    clock.seconds += LABEL_SECONDS
    assert client.explain(ONE_ROW, "id-1").version.number == 2


def test_a_server_restarted_with_another_store_is_noticed(
    server: ModelServer, client: ModelClient, clock: Clock
) -> None:
    client.version("id-1")
    server.descriptions = {1: replace(DESCRIPTION, accusation_threshold=0.5)}
    clock.seconds += LABEL_SECONDS
    assert client.version("id-1").description.accusation_threshold == 0.5


def test_a_version_taken_away_is_resolved_again_at_once(
    server: ModelServer, client: ModelClient, registry: CollectorRegistry
) -> None:
    client.explain(ONE_ROW, "id-1")
    server.descriptions = {2: server.descriptions[1]}
    server.stable = 2
    prediction = client.explain(ONE_ROW, "id-2")
    assert prediction.version.number == 2
    assert prediction.contributions[0, 0, 0] == 2
    assert server.signatures()[-3:] == ["explain", "describe", "explain"]
    assert hops(registry, "explain", "not-found") == 1


def test_no_version_at_all_is_unavailable(server: ModelServer, client: ModelClient) -> None:
    client.explain(ONE_ROW, "id-1")
    server.descriptions = {}
    with pytest.raises(ModelUnavailableError, match="no version ready"):
        client.explain(ONE_ROW, "id-1")


def test_a_label_that_cannot_be_asked_leaves_the_known_version(
    server: ModelServer, client: ModelClient, clock: Clock
) -> None:
    client.explain(ONE_ROW, "id-1")
    clock.seconds += LABEL_SECONDS
    server.failures = [grpc.StatusCode.INVALID_ARGUMENT]
    assert client.explain(ONE_ROW, "id-1").version.number == 1
    assert server.signatures() == ["describe", "explain", "describe", "explain"]


@pytest.mark.parametrize(
    "changed",
    [
        {"schema_version": 999},
        {"feature_names": FEATURE_NAMES[:-1]},
        {"classes": ("regular", "bot", "fake", "influencer")},
    ],
)
def test_a_version_of_another_schema_is_refused(
    server: ModelServer, client: ModelClient, changed: dict[str, object]
) -> None:
    server.descriptions = {1: replace(DESCRIPTION, **changed)}
    with pytest.raises(UnknownSchemaError, match="schema"):
        client.explain(ONE_ROW, "id-1")
    assert server.signatures() == ["describe"]


def test_a_version_that_says_nothing_readable_is_refused(server: ModelServer, client: ModelClient) -> None:
    def garble(response: PredictResponse) -> None:
        response.outputs["description"].string_val[0] = b"{"

    server.change_answer = garble
    with pytest.raises(UnknownSchemaError, match="describe itself"):
        client.version("id-1")


def test_unavailable_is_tried_again(server: ModelServer, client: ModelClient) -> None:
    client.version("id-1")
    server.failures = [grpc.StatusCode.UNAVAILABLE]
    assert client.explain(ONE_ROW, "id-1").version.number == 1
    assert server.signatures() == ["describe", "explain", "explain"]


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION])
def test_other_errors_are_not_tried_again(server: ModelServer, client: ModelClient, code: grpc.StatusCode) -> None:
    client.version("id-1")
    server.failures = [code]
    with pytest.raises(ModelUnavailableError):
        client.explain(ONE_ROW, "id-1")
    assert server.signatures() == ["describe", "explain"]


def test_a_slow_server_is_given_up_at_the_deadline(
    server: ModelServer, metrics: Metrics, registry: CollectorRegistry
) -> None:
    client = ModelClient(server.target, metrics, deadline_s=0.2)
    client.version("id-1")
    server.hold.clear()
    with pytest.raises(ModelUnavailableError, match="in time"):
        client.explain(ONE_ROW, "id-1")
    assert hops(registry, "explain", "deadline-exceeded") == 1
    client.close()


def test_nobody_listening_is_unavailable(metrics: Metrics) -> None:
    client = ModelClient("127.0.0.1:1", metrics)
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        client.version("id-1")
    client.close()


@pytest.mark.parametrize("name", ["probabilities", "confidence", "contributions"])
@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.float32), np.full((1, 4), np.nan, np.float32), np.zeros((1, 4), np.int32)]
)
def test_an_output_that_was_not_agreed_is_refused(
    server: ModelServer, client: ModelClient, name: str, array: np.ndarray
) -> None:
    client.version("id-1")
    server.change_answer = lambda response: response.outputs[name].CopyFrom(to_proto(array))
    with pytest.raises(ModelUnavailableError, match=name):
        client.explain(ONE_ROW, "id-1")


def test_many_threads_ask_for_the_description_once(server: ModelServer, client: ModelClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        predictions = list(pool.map(lambda _: client.explain(ONE_ROW, "id-1"), range(40)))
    assert {prediction.version.number for prediction in predictions} == {1}
    assert server.signatures().count("describe") == 1
