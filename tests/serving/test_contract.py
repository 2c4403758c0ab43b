"""What Rollcall needs of a model server, asked of the local one; `make verify-real` asks the original the same.

CONTRACT_STORE, CONTRACT_GRPC and CONTRACT_REST name a server that runs already, on a store as `fill` makes it.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import grpc
import numpy as np
import pytest

from contracts.features import FEATURE_NAMES, F
from contracts.model import (
    CANARY,
    CONTRIBUTIONS,
    DESCRIBE,
    DESCRIPTION,
    EXPLAIN,
    FEATURES,
    MODEL_NAME,
    PREDICT,
    PROBABILITIES,
    ROWS,
    STABLE,
    Description,
)
from contracts.tensors import from_proto
from serving.config import SHIPPED
from serving.launch import MONITORING
from serving.promotion import Promotion
from serving.replicas import Replica
from serving.seed import seed
from serving.store import Store
from serving.version_checks import GOLDEN, GOLDEN_TOLERANCE
from tests.serving.harness import Client, RunningServer, predict_request

FIRST, SECOND = 1, 2


@dataclass(frozen=True)
class Contract:
    """A store and the server that serves it."""

    store: Store
    grpc: str
    rest: str

    def golden(self) -> tuple[np.ndarray, np.ndarray]:
        rows = json.loads((self.store.version(FIRST) / GOLDEN).read_text())
        return (
            np.array([row["features"] for row in rows], np.float32),
            np.array([row["probabilities"] for row in rows], np.float32),
        )


def fill(store: Store) -> None:
    """The shipped version under two numbers, the first of them stable."""
    shipped = Store(SHIPPED)
    newest = shipped.version(shipped.versions()[-1])
    store.publish(newest, FIRST)
    list(seed(store, store.folder, datetime.now(UTC)))
    store.publish(newest, SECOND)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    if "CONTRACT_GRPC" in os.environ:
        store = Store(Path(os.environ["CONTRACT_STORE"]))
        yield Contract(store, os.environ["CONTRACT_GRPC"], os.environ["CONTRACT_REST"])
        return
    folder = tmp_path_factory.mktemp("contract")
    store = Store(folder / "store")
    fill(store)
    server = RunningServer(
        folder,
        model_config_file=str(store.config_file),
        monitoring_config_file=str(MONITORING),
        allow_version_labels_for_unavailable_models=True,
        enable_batching=True,
    )
    yield Contract(store, f"unix:{server.socket}", server.url)
    server.stop()


@pytest.fixture
def replica(contract: Contract) -> Iterator[Replica]:
    with Replica(contract.grpc) as replica:
        yield replica


def test_three_signatures_answer_as_training_recorded(contract: Contract, replica: Replica) -> None:
    features, probabilities = contract.golden()
    predicted = replica.run(FIRST, PREDICT, {FEATURES: features})
    explained = replica.run(FIRST, EXPLAIN, {FEATURES: features[:4]})
    assert np.abs(predicted[PROBABILITIES] - probabilities).max() <= GOLDEN_TOLERANCE
    assert np.abs(explained[PROBABILITIES] - probabilities[:4]).max() <= GOLDEN_TOLERANCE
    assert explained[CONTRIBUTIONS].shape == (4, F, 4)
    document = replica.run(FIRST, DESCRIBE, {ROWS: np.zeros(1, np.int32)})[DESCRIPTION][0]
    assert Description.from_json(document).feature_names == FEATURE_NAMES


def test_rest_gives_the_same_numbers(contract: Contract) -> None:
    features, probabilities = contract.golden()
    body = json.dumps({"instances": features[:3].tolist()}).encode()
    request = urllib.request.Request(f"{contract.rest}/v1/models/{MODEL_NAME}/labels/{STABLE}:predict", body)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found = [row[PROBABILITIES] for row in json.load(answer)["predictions"]]
    assert np.abs(np.array(found) - probabilities[:3]).max() <= GOLDEN_TOLERANCE


def test_requests_that_may_be_batched_together_keep_their_own_answers(contract: Contract, replica: Replica) -> None:
    features, probabilities = contract.golden()

    def ask(start: int) -> float:
        part = replica.run(FIRST, PREDICT, {FEATURES: features[start : start + 1 + start % 3]})[PROBABILITIES]
        return float(np.abs(part - probabilities[start : start + 1 + start % 3]).max())

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(ask, [index % 29 for index in range(100)])) <= GOLDEN_TOLERANCE


def test_label_moves_under_load_without_a_failure_and_back(contract: Contract) -> None:
    features, _ = contract.golden()
    request = predict_request(MODEL_NAME, PREDICT, features=features[:1])
    request.model_spec.version_label = STABLE
    client, stop = Client(contract.grpc), Event()
    seen: set[int] = set()
    failures: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = client.predict(request)
            except grpc.RpcError as error:
                failures.append(f"{error.code()}: {error.details()}")
            else:
                seen.add(answer.model_spec.version.value)
                assert from_proto(answer.outputs[PROBABILITIES]).shape == (1, 4)

    promotion = Promotion(contract.store, [contract.grpc])
    thread = Thread(target=ask)
    thread.start()
    try:
        list(promotion.canary(SECOND))
        with Replica(contract.grpc) as replica:
            assert (replica.labelled(STABLE), replica.labelled(CANARY)) == (FIRST, SECOND)
        list(promotion.end_canary())
        list(promotion.promote(SECOND))
        list(promotion.rollback())
    finally:
        stop.set()
        thread.join()
        client.close()
    assert failures == []
    assert seen == {FIRST, SECOND}


def test_metrics_page_names_requests_and_the_warm_up(contract: Contract) -> None:
    with Replica(contract.grpc) as replica:
        replica.run(FIRST, PREDICT, {FEATURES: contract.golden()[0][:1]})
    with urllib.request.urlopen(f"{contract.rest}/monitoring/prometheus/metrics", timeout=20) as answer:
        page = answer.read().decode()
    assert f':tensorflow:serving:request_count{{model_name="{MODEL_NAME}",status="OK"}}' in page
    assert ":tensorflow:serving:request_latency_bucket{" in page
    warm = [line for line in page.splitlines() if line.startswith(":tensorflow:serving:model_warmup_latency_count{")]
    assert any(f"/{MODEL_NAME}/{FIRST}" in line for line in warm)
