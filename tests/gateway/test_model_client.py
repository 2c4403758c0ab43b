"""Against a real gRPC server that answers as TensorFlow Serving does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from contracts.features import FEATURE_NAMES, F
from contracts.serving_protos import PredictResponse
from contracts.tensors import to_proto
from gateway.errors import ModelUnavailableError, NoVersionError, UnknownSchemaError
from gateway.metrics import Metrics
from gateway.model_client import LABEL_SECONDS, ModelClient
from tests.gateway.fakes import DESCRIPTION, Clock
from tests.gateway.model_server import ModelServer

ONE_ROW = np.zeros((1, F), np.float32)


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
    server.descriptions = {1: replace(DESCRIPTION, accusation_thresholds={"x": 0.5})}
    clock.seconds += LABEL_SECONDS
    assert client.version("id-1").description.accusation_threshold("x") == 0.5


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
    client = ModelClient(server.target, metrics, deadline_s=1.0)
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


def test_a_label_that_is_not_set_is_none_and_asked_again_in_a_second(
    server: ModelServer, client: ModelClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    canary = client.another("canary")
    assert [canary.find("id-1") for _ in range(3)] == [None, None, None]
    assert canary.absence == "The model server has no version ready under the label canary."
    assert len(server.requests) == 1
    assert not caplog.records
    server.descriptions[2], server.canary = server.descriptions[1], 2
    assert canary.find("id-1") is None
    clock.seconds += LABEL_SECONDS
    found = canary.find("id-1")
    assert found is not None
    assert (found.number, canary.absence) == (2, None)


def test_a_label_that_was_taken_away_is_forgotten(server: ModelServer, client: ModelClient, clock: Clock) -> None:
    server.descriptions[2], server.canary = server.descriptions[1], 2
    canary = client.another("canary")
    assert canary.explain(ONE_ROW, "id-1").version.number == 2
    server.canary = None
    clock.seconds += LABEL_SECONDS
    assert canary.find("id-1") is None
    with pytest.raises(NoVersionError):
        canary.explain(ONE_ROW, "id-1")


def test_a_canary_of_another_schema_is_none_and_says_why(server: ModelServer, client: ModelClient) -> None:
    server.descriptions[2], server.canary = replace(DESCRIPTION, schema_version=999), 2
    canary = client.another("canary")
    assert canary.find("id-1") is None
    assert "reads feature schema 999" in str(canary.absence)


def test_probabilities_alone_come_from_the_plain_signature(server: ModelServer, client: ModelClient) -> None:
    version, probabilities = client.predict(np.zeros((3, F), np.float32), "id-1")
    assert (version.number, probabilities.shape) == (1, (3, 4))
    assert server.asked(1) == ["serving_default"]
