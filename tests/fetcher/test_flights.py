from __future__ import annotations

from threading import Barrier, Thread

import pytest

from fetcher.flights import Flights


def test_a_claimed_key_is_nobody_elses() -> None:
    flights: Flights[str, int] = Flights()
    mine, others = flights.claim(["a", "b"])
    assert (mine, others) == (["a", "b"], {})
    mine, others = flights.claim(["b", "c"])
    assert mine == ["c"]
    flights.land("b", 7)
    assert others["b"].result(0) == 7


def test_a_landed_key_can_be_claimed_again() -> None:
    flights: Flights[str, int] = Flights()
    flights.claim(["a"])
    flights.land("a", 1)
    assert flights.claim(["a"])[0] == ["a"]


@pytest.mark.parametrize("threads", [50])
def test_of_many_at_once_exactly_one_looks_up(threads: int) -> None:
    flights: Flights[str, int] = Flights()
    barrier, looked_up, results = Barrier(threads), [], []

    def run() -> None:
        barrier.wait()
        mine, others = flights.claim(["a"])
        if mine:
            barrier_passed.wait()
            looked_up.append(1)
            flights.land("a", 5)
        else:
            waiting.append(1)
            if len(waiting) == threads - 1:
                barrier_passed.wait()
            results.append(others["a"].result(10))

    waiting: list[int] = []
    barrier_passed = Barrier(2)
    workers = [Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert looked_up == [1]
    assert results == [5] * (threads - 1)
