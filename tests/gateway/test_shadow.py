from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from gateway.metrics import Metrics
from gateway.shadow import LATE_S, Copy, Shadow
from tests.gateway.fakes import Clock

WAIT_S = 5


def copy(number: int) -> Copy:
    return Copy(np.zeros((1, 2), np.float32), np.zeros((1, 4), np.float32), False, 2, f"id-{number}")


class Comparison:
    """Takes down what it is given; stops at each copy while `hold` is not set."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.hold.set()
        self.begun = threading.Event()
        self.seen: list[str] = []

    def __call__(self, copy: Copy) -> None:
        self.begun.set()
        assert self.hold.wait(WAIT_S)
        self.seen.append(copy.request_id)
        if copy.request_id == "id-13":
            raise ValueError("unlucky")


@pytest.fixture
def comparison() -> Comparison:
    return Comparison()


@pytest.fixture
def shadow(comparison: Comparison, metrics: Metrics, clock: Clock) -> Iterator[Shadow]:
    shadow = Shadow(comparison, metrics, clock=clock, waiting=2)
    yield shadow
    comparison.hold.set()
    shadow.close()


def copies(registry: CollectorRegistry, outcome: str) -> float:
    return registry.get_sample_value("rollcall_gateway_shadow_copies_total", {"outcome": outcome}) or 0


def test_copies_are_compared_in_their_order(shadow: Shadow, comparison: Comparison) -> None:
    for number in range(2):
        shadow.offer(copy(number), busy=False)
    shadow.drain()
    assert comparison.seen == ["id-0", "id-1"]


def test_whoever_offers_never_waits_and_what_is_too_much_is_dropped(
    shadow: Shadow, comparison: Comparison, registry: CollectorRegistry
) -> None:
    comparison.hold.clear()
    shadow.offer(copy(0), busy=False)
    assert comparison.begun.wait(WAIT_S)
    for number in range(1, 8):
        shadow.offer(copy(number), busy=False)
    comparison.hold.set()
    shadow.drain()
    assert comparison.seen == ["id-0", "id-1", "id-2"]
    assert (shadow.dropped, copies(registry, "full")) == (5, 5)


def test_a_busy_process_makes_no_copies(shadow: Shadow, comparison: Comparison, registry: CollectorRegistry) -> None:
    shadow.offer(copy(0), busy=True)
    shadow.drain()
    assert comparison.seen == []
    assert (shadow.dropped, copies(registry, "busy")) == (1, 1)


def test_a_copy_that_waited_too_long_is_dropped(
    shadow: Shadow, comparison: Comparison, clock: Clock, registry: CollectorRegistry
) -> None:
    comparison.hold.clear()
    shadow.offer(copy(0), busy=False)
    assert comparison.begun.wait(WAIT_S)
    shadow.offer(copy(1), busy=False)
    clock.seconds += LATE_S + 0.1
    comparison.hold.set()
    shadow.drain()
    assert comparison.seen == ["id-0"]
    assert copies(registry, "late") == 1


def test_a_failed_comparison_does_not_end_the_others(
    shadow: Shadow, comparison: Comparison, registry: CollectorRegistry
) -> None:
    shadow.offer(copy(13), busy=False)
    shadow.offer(copy(14), busy=False)
    shadow.drain()
    assert comparison.seen == ["id-13", "id-14"]
    assert copies(registry, "failed") == 1


def test_a_shadow_that_got_no_copy_has_no_thread(comparison: Comparison, metrics: Metrics, clock: Clock) -> None:
    before = set(threading.enumerate())
    shadow = Shadow(comparison, metrics, clock=clock, waiting=2)
    assert set(threading.enumerate()) <= before
    shadow.close()
