"""Two versions on a real gRPC server, and the one that answers each account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import grpc
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from contracts.features import F
from gateway.errors import ModelUnavailableError
from gateway.metrics import Metrics
from gateway.model_client import LABEL_SECONDS, ModelClient
from gateway.split_model import SplitModel
from gateway.traffic import Bounds, Traffic, takes_canary
from gateway.traffic_control import REREAD_S, TrafficControl
from tests.gateway.fakes import DESCRIPTION, NOW, Clock, MemoryTrafficStore
from tests.gateway.model_server import ModelServer

ONE_ROW = np.zeros((1, F), np.float32)
ACCOUNTS = [f"x:{number}" for number in range(60)]
TRAFFIC = Traffic(canary_share=0.5, bounds=Bounds(min_requests=10), salt="salt")
OF_CANARY = [account for account in ACCOUNTS if takes_canary(account, TRAFFIC)]
OF_STABLE = [account for account in ACCOUNTS if account not in OF_CANARY]
OTHER_LABEL = [0.1, 0.6, 0.2, 0.1]


@pytest.fixture
def server(server: ModelServer) -> ModelServer:
    server.descriptions[2], server.canary = DESCRIPTION, 2
    return server


@pytest.fixture
def store() -> MemoryTrafficStore:
    return MemoryTrafficStore(TRAFFIC)


@pytest.fixture
def split(server: ModelServer, store: MemoryTrafficStore, metrics: Metrics, clock: Clock) -> Iterator[SplitModel]:
    client = ModelClient(server.target, metrics, now=clock)
    control = TrafficControl(store, metrics, clock=clock)
    split = SplitModel(client, control, metrics, now=lambda: NOW, clock=clock)
    yield split
    split.close()
    client.close()


@pytest.fixture
def ask(split: SplitModel) -> Callable[[str], int]:
    """Ask for an account; the version that answered."""

    def ask(account: str) -> int:
        prediction = split.explain(ONE_ROW, account, "id-1")
        assert prediction.contributions[0, 0, 0] == prediction.version.number
        return prediction.version.number

    return ask


def count(registry: CollectorRegistry, version: int, role: str, outcome: str) -> float:
    labels = {"model_version": str(version), "role": role, "outcome": outcome}
    return registry.get_sample_value("rollcall_gateway_model_seconds_count", labels) or 0


def test_each_account_keeps_its_version(ask: Callable[[str], int], registry: CollectorRegistry) -> None:
    first = {account: ask(account) for account in ACCOUNTS}
    assert {account: ask(account) for account in ACCOUNTS} == first
    assert [account for account, version in first.items() if version == 2] == OF_CANARY
    assert count(registry, 1, "stable", "ok") == 2 * len(OF_STABLE)
    assert count(registry, 2, "canary", "ok") == 2 * len(OF_CANARY)


def test_a_share_that_changes_while_running_is_followed(
    ask: Callable[[str], int], store: MemoryTrafficStore, clock: Clock
) -> None:
    assert {ask(account) for account in ACCOUNTS} == {1, 2}
    store.write(replace(store.traffic, canary_share=1.0))
    clock.seconds += REREAD_S
    assert {ask(account) for account in ACCOUNTS} == {2}
    store.write(replace(store.traffic, canary_share=0.0))
    clock.seconds += REREAD_S
    assert {ask(account) for account in ACCOUNTS} == {1}


def test_without_a_canary_stable_answers_everybody(
    ask: Callable[[str], int], server: ModelServer, store: MemoryTrafficStore, clock: Clock
) -> None:
    server.canary = None
    assert {ask(account) for account in ACCOUNTS} == {1}
    assert store.traffic.canary_share == 0.5
    server.canary = 2
    clock.seconds += LABEL_SECONDS
    assert {ask(account) for account in ACCOUNTS} == {1, 2}


def test_no_share_means_that_the_canary_is_not_even_looked_for(
    ask: Callable[[str], int], server: ModelServer, store: MemoryTrafficStore
) -> None:
    store.traffic = replace(TRAFFIC, canary_share=0.0)
    ask("x:1")
    assert server.signatures() == ["describe", "explain"]


def test_nobody_sees_a_failing_canary_and_it_loses_its_share(
    ask: Callable[[str], int], server: ModelServer, store: MemoryTrafficStore, registry: CollectorRegistry
) -> None:
    server.broken[2] = grpc.StatusCode.INTERNAL
    assert {ask(account) for account in ACCOUNTS} == {1}
    assert store.traffic.canary_share == 0
    back = store.traffic.rolled_back
    assert back is not None
    assert (back.at, back.version) == (NOW, 2)
    assert back.reason == "1 of 1 requests to the canary failed; at most 2.0% may."
    assert count(registry, 2, "canary", "error") == 1
    assert registry.get_sample_value("rollcall_gateway_rollbacks_total", {"bound": "error-rate"}) == 1
    assert server.asked(2) == ["explain"]


def test_a_failure_within_the_bounds_costs_nothing(
    ask: Callable[[str], int], server: ModelServer, store: MemoryTrafficStore
) -> None:
    store.traffic = replace(TRAFFIC, bounds=Bounds(max_error_rate=0.1, min_requests=10))
    server.broken[2] = grpc.StatusCode.INTERNAL
    assert ask(OF_CANARY[0]) == 1
    del server.broken[2]
    assert {ask(account) for account in OF_CANARY} == {2}
    assert store.traffic.canary_share == 0.5


def test_where_stable_fails_too_it_is_not_the_canarys_fault(
    ask: Callable[[str], int], split: SplitModel, server: ModelServer, store: MemoryTrafficStore
) -> None:
    ask(OF_STABLE[0])
    server.broken = {1: grpc.StatusCode.INTERNAL, 2: grpc.StatusCode.INTERNAL}
    for account in OF_CANARY:
        with pytest.raises(ModelUnavailableError):
            ask(account)
    assert split.observed().canary.errors == 0
    assert store.traffic.canary_share == 0.5


def test_a_canary_that_is_taken_away_is_not_a_failure(
    ask: Callable[[str], int], split: SplitModel, server: ModelServer
) -> None:
    assert ask(OF_CANARY[0]) == 2
    del server.descriptions[2]
    server.canary = None
    assert ask(OF_CANARY[0]) == 1
    assert split.observed().canary.errors == 0


def test_a_slow_canary_loses_its_share(
    ask: Callable[[str], int], server: ModelServer, store: MemoryTrafficStore, clock: Clock
) -> None:
    def takes(seconds: float) -> Callable[[], None]:
        def wait() -> None:
            clock.seconds += seconds

        return wait

    server.slow = {1: takes(0.020), 2: takes(0.050)}
    for account in ACCOUNTS:
        ask(account)
    back = store.traffic.rolled_back
    assert back is not None
    assert back.reason == (
        "The slowest requests to the canary took 50 ms, those to stable 20 ms; at most 2 times as long is allowed."
    )
    assert ask(OF_CANARY[0]) == 1


def test_the_shadow_asks_the_other_version_and_only_compares(
    ask: Callable[[str], int],
    split: SplitModel,
    server: ModelServer,
    store: MemoryTrafficStore,
    registry: CollectorRegistry,
) -> None:
    store.traffic = replace(TRAFFIC, shadow=True)
    server.answers[2] = [0.5, 0.2, 0.2, 0.1]
    assert ask(OF_STABLE[0]) == 1
    assert ask(OF_CANARY[0]) == 2
    split.shadow.drain()
    assert server.asked(1) == ["explain", "serving_default"] or server.asked(1) == ["serving_default", "explain"]
    assert sorted(server.asked(2)) == ["explain", "serving_default"]
    agreement = split.observed().agreement
    assert (agreement.compared, agreement.agreed) == (2, 2)
    assert agreement.mean_absolute_difference == pytest.approx(0.05)
    labels = {"model_version": "2", "agree": "true"}
    assert registry.get_sample_value("rollcall_gateway_shadow_labels_total", labels) == 2
    assert registry.get_sample_value("rollcall_gateway_shadow_difference_count", {"model_version": "2"}) == 2
    assert count(registry, 2, "shadow", "ok") == 1


def test_a_canary_in_the_shadow_alone_answers_nobody(
    ask: Callable[[str], int], split: SplitModel, server: ModelServer, store: MemoryTrafficStore
) -> None:
    store.traffic = replace(TRAFFIC, canary_share=0.0, shadow=True)
    server.answers[2] = OTHER_LABEL
    for account in ACCOUNTS[:20]:
        assert ask(account) == 1
        split.shadow.drain()
    assert split.observed().agreement.rate == 0
    assert store.traffic.rolled_back is None


def test_a_canary_that_disagrees_loses_its_share(
    ask: Callable[[str], int], split: SplitModel, server: ModelServer, store: MemoryTrafficStore
) -> None:
    store.traffic = replace(TRAFFIC, shadow=True)
    server.answers[2] = OTHER_LABEL
    for account in ACCOUNTS:
        ask(account)
        split.shadow.drain()
    back = store.traffic.rolled_back
    assert back is not None
    assert back.reason == ("The canary gave 3 of 3 accounts another label than stable; at least 80.0% must agree.")
    assert split.observed().agreement.compared > 0


def test_a_failing_shadow_is_seen_by_nobody(
    ask: Callable[[str], int],
    split: SplitModel,
    server: ModelServer,
    store: MemoryTrafficStore,
    registry: CollectorRegistry,
) -> None:
    store.traffic = replace(TRAFFIC, canary_share=0.0, shadow=True)
    server.broken[2] = grpc.StatusCode.INTERNAL
    assert ask("x:1") == 1
    split.shadow.drain()
    assert registry.get_sample_value("rollcall_gateway_shadow_copies_total", {"outcome": "failed"}) == 1
    assert store.traffic.rolled_back is None


def test_after_a_new_share_the_canary_starts_from_nothing(
    ask: Callable[[str], int], split: SplitModel, server: ModelServer, store: MemoryTrafficStore, clock: Clock
) -> None:
    server.broken[2] = grpc.StatusCode.INTERNAL
    ask(OF_CANARY[0])
    assert split.observed().canary.errors == 1
    del server.broken[2]
    store.write(replace(store.traffic, canary_share=0.5, rolled_back=None))
    clock.seconds += REREAD_S
    assert {ask(account) for account in OF_CANARY} == {2}
    assert split.observed().canary.errors == 0


def test_what_either_version_wants_is_fetched(
    split: SplitModel, server: ModelServer, store: MemoryTrafficStore, clock: Clock
) -> None:
    server.descriptions[2] = replace(DESCRIPTION, wants={"x": ("activity",)})
    assert split.wants("x", "id-1") == {"activity"}
    assert split.wants("instagram", "id-1") == {"activity"}
    store.write(replace(TRAFFIC, canary_share=0.0))
    clock.seconds += REREAD_S
    assert split.wants("x", "id-1") == frozenset()
