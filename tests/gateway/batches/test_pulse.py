"""What the pulse mends beside lost messages."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from gateway.batches.claims import Claims, Pause
from gateway.batches.metrics import BatchMetrics
from gateway.batches.pulse import Pulse
from gateway.batches.queue import WorkQueue
from gateway.batches.store import BatchStore
from tests.gateway.batches.fakes import handles, running
from tests.gateway.fakes import Clock

HOUR_S = 3600.0


def beating(store: BatchStore, claims: Claims, steady: Clock) -> Pulse:
    metrics = BatchMetrics(CollectorRegistry())
    return Pulse(store, claims, WorkQueue("sqlite://"), metrics, messages=2, clock=lambda: steady.seconds)


def test_a_clock_that_is_set_back_keeps_no_batch_waiting_for_what_was_the_time(store: BatchStore, clock: Clock) -> None:
    running(store, *handles(250))
    claims, steady = Claims(store, lease_s=60), Clock()
    pulse = beating(store, claims, steady)
    dead, late = claims.take(), claims.take()
    assert dead is not None
    assert late is not None
    claims.settle(late, again={101: (clock.seconds + 5, 1)}, pause=Pause(clock.seconds + 2, "Away."))
    pulse.tick()
    clock.seconds -= HOUR_S
    pulse.tick()
    for each in (clock, steady):
        each.seconds += 10
    pulse.tick()
    again = claims.take()
    assert again is not None
    assert 101 in again.refs
    for each in (clock, steady):
        each.seconds += 60
    left = claims.take()
    assert left is not None
    assert set(dead.refs) & set(left.refs)


def test_a_clock_that_goes_on_or_ahead_changes_nothing(store: BatchStore, clock: Clock) -> None:
    running(store, *handles(100))
    claims, steady = Claims(store, lease_s=60), Clock()
    pulse = beating(store, claims, steady)
    chunk = claims.take()
    assert chunk is not None
    claims.settle(chunk, pause=Pause(clock.seconds + 2 * HOUR_S, "Away."))
    pulse.tick()
    for step in (1.0, HOUR_S, -2.0):
        clock.seconds += step
        pulse.tick()
        assert claims.take() is None
