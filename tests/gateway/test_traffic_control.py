from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.database import open_database
from gateway.errors import DatabaseUnavailableError
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from gateway.rollback_rule import Breach
from gateway.traffic import RolledBack, Traffic
from gateway.traffic_control import REREAD_S, RETRY_S, TrafficControl
from gateway.traffic_store import SqlTrafficStore
from tests.gateway.fakes import Clock, MemoryTrafficStore

BREACH = Breach("latency", "It was slow.")
BACK = RolledBack(datetime(2026, 1, 31, 12, tzinfo=UTC), 2, BREACH.reason)
AWAY = DatabaseUnavailableError("The gateway's database does not answer.")


@pytest.fixture
def control(store: MemoryTrafficStore, metrics: Metrics, clock: Clock) -> TrafficControl:
    store.traffic = Traffic(canary_share=0.2, salt="salt")
    return TrafficControl(store, metrics, clock=clock)


def test_the_traffic_is_read_once_a_second(control: TrafficControl, store: MemoryTrafficStore, clock: Clock) -> None:
    assert [control.current().canary_share for _ in range(5)] == [0.2] * 5
    assert store.reads == 1
    store.traffic = replace(store.traffic, canary_share=0.5, revision=1)
    assert control.current().canary_share == 0.2
    clock.seconds += REREAD_S
    assert control.current().canary_share == 0.5
    assert store.reads == 2


def test_without_a_database_it_stays_as_it_was(
    control: TrafficControl, store: MemoryTrafficStore, clock: Clock
) -> None:
    control.current()
    store.trouble = AWAY
    clock.seconds += REREAD_S
    assert [control.current().canary_share for _ in range(5)] == [0.2] * 5
    assert store.reads == 2
    store.trouble, store.traffic = None, replace(store.traffic, canary_share=0.5, revision=1)
    clock.seconds += RETRY_S
    assert control.current().canary_share == 0.5


def test_a_database_that_never_answered_means_stable(control: TrafficControl, store: MemoryTrafficStore) -> None:
    store.trouble = AWAY
    assert control.current() == Traffic()
    with pytest.raises(DatabaseUnavailableError):
        control.fresh()


def test_a_change_holds_at_once(
    control: TrafficControl, store: MemoryTrafficStore, registry: CollectorRegistry
) -> None:
    control.change(lambda traffic: replace(traffic, canary_share=0.7))
    assert control.current().canary_share == store.traffic.canary_share == 0.7
    assert registry.get_sample_value("rollcall_gateway_canary_share") == 0.7


def test_a_change_is_made_on_what_another_replica_wrote(control: TrafficControl, store: MemoryTrafficStore) -> None:
    control.current()
    store.traffic = replace(store.traffic, shadow=True, revision=8)
    assert control.change(lambda traffic: replace(traffic, canary_share=0.7)).shadow
    assert (store.traffic.revision, store.traffic.canary_share) == (9, 0.7)


def test_a_rollback_takes_the_share_and_says_why(
    control: TrafficControl,
    store: MemoryTrafficStore,
    registry: CollectorRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    control.roll_back(control.current(), BREACH, BACK)
    assert (store.traffic.canary_share, store.traffic.rolled_back) == (0.0, BACK)
    assert control.current().canary_share == 0
    assert registry.get_sample_value("rollcall_gateway_rollbacks_total", {"bound": "latency"}) == 1
    assert [record.message for record in caplog.records] == ["The canary was rolled back."]
    assert caplog.records[0].__dict__["fields"]["reason"] == "It was slow."


def test_many_threads_roll_back_once(control: TrafficControl, registry: CollectorRegistry) -> None:
    seen = control.current()
    for _ in range(3):
        control.roll_back(seen, BREACH, BACK)
    assert registry.get_sample_value("rollcall_gateway_rollbacks_total", {"bound": "latency"}) == 1


def test_a_decision_on_an_older_state_is_not_applied(control: TrafficControl, store: MemoryTrafficStore) -> None:
    seen = control.current()
    control.change(lambda traffic: replace(traffic, canary_share=0.9))
    control.roll_back(seen, BREACH, BACK)
    assert (control.current().canary_share, store.traffic.rolled_back) == (0.9, None)


def test_a_decision_never_overwrites_what_an_operator_wrote_elsewhere(
    control: TrafficControl, store: MemoryTrafficStore
) -> None:
    seen = control.current()
    store.traffic = replace(store.traffic, canary_share=0.1, revision=1)
    control.roll_back(seen, BREACH, BACK)
    assert (store.traffic.canary_share, store.traffic.rolled_back) == (0.1, None)
    assert control.current().canary_share == 0.1


def test_a_rollback_holds_while_the_database_is_away_and_is_saved_afterwards(
    control: TrafficControl, store: MemoryTrafficStore, clock: Clock
) -> None:
    seen = control.current()
    store.trouble = AWAY
    control.roll_back(seen, BREACH, BACK)
    clock.seconds += RETRY_S
    assert control.current().canary_share == 0
    assert store.traffic.canary_share == 0.2
    store.trouble = None
    clock.seconds += RETRY_S
    assert control.current().rolled_back == BACK
    assert (store.traffic.canary_share, store.traffic.rolled_back) == (0.0, BACK)


def test_replicas_agree_within_a_second(tmp_path: Path, metrics: Metrics, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    upgrade(open_database(url))
    other_metrics = Metrics(CollectorRegistry())
    one = TrafficControl(SqlTrafficStore(open_database(url)), metrics, clock=clock)
    other = TrafficControl(SqlTrafficStore(open_database(url)), other_metrics, clock=clock)
    assert one.current() == other.current()
    one.change(lambda traffic: replace(traffic, canary_share=0.3))
    clock.seconds += REREAD_S
    assert other.current().canary_share == 0.3
    other.roll_back(other.current(), BREACH, BACK)
    clock.seconds += REREAD_S
    assert (one.current().canary_share, one.current().rolled_back) == (0.0, BACK)
