"""Latencies and rates of a load."""

from __future__ import annotations

import pytest

from bench.closed_loop import Load, percentile, run_load
from bench.peers.calls import Call, CallFailed


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(each) for each in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile([3.0], 99)) == (50.0, 99.0, 3.0)


def test_percentiles_of_a_load_are_milliseconds() -> None:
    assert Load([0.001, 0.002, 0.004], 10).percentile_ms(99) == pytest.approx(4.0)


def test_every_client_connects_and_asks_at_least_once() -> None:
    calls: list[int] = []

    def connect() -> Call:
        calls.append(0)
        number = len(calls) - 1

        def ask() -> None:
            calls[number] += 1

        return ask

    load = run_load(connect, clients=3, seconds=0.0)
    assert len(calls) == 3
    assert len(load.latencies_s) == sum(calls) - 3 >= 3  # The first request of each is not counted.
    assert load.per_second > 0


def test_failure_of_a_client_is_the_failure_of_the_load() -> None:
    def connect() -> Call:
        def ask() -> None:
            raise CallFailed("no")

        return ask

    with pytest.raises(CallFailed, match="no"):
        run_load(connect, clients=2, seconds=0.0)
