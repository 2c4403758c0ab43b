"""What comes while the slots are taken runs together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Event

import pytest

from serving.local_server.batch_queue import BatchQueue
from serving.local_server.batching_parameters import BatchingParameters
from serving.local_server.errors import InvalidArgument, ResourceExhausted, Unavailable


class Runner:
    """Doubles numbers; holds its first run until released."""

    def __init__(self) -> None:
        self.runs: list[list[int]] = []
        self.times_s: list[float | None] = []
        self.began, self.release = Event(), Event()

    def __call__(self, tasks: Sequence[int], left_s: float | None) -> list[int]:
        self.runs.append(list(tasks))
        self.times_s.append(left_s)
        self.began.set()
        assert self.release.wait(10)
        if 13 in tasks:
            raise InvalidArgument("unlucky")
        return [2 * task for task in tasks]


def wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.005)


def queue_of(runner: Runner, **parameters: float) -> BatchQueue[int, int]:
    return BatchQueue(BatchingParameters(**parameters), BoundedSemaphore(1), runner)  # type: ignore[arg-type]


def busy(queue: BatchQueue[int, int], runner: Runner, pool: ThreadPoolExecutor) -> Future[int]:
    first = pool.submit(queue.submit, 1, 1)
    assert runner.began.wait(10)
    return first


def waiting(queue: BatchQueue[int, int]) -> int:
    return sum(batch.rows for batch in queue._open)


def test_a_lone_request_runs_at_once() -> None:
    runner = Runner()
    runner.release.set()
    assert queue_of(runner).submit(4, 1) == 8
    assert runner.runs == [[4]]


def test_requests_that_wait_for_a_slot_run_together() -> None:
    runner = Runner()
    queue = queue_of(runner)
    with ThreadPoolExecutor(8) as pool:
        first = busy(queue, runner, pool)
        others = [pool.submit(queue.submit, number, 1) for number in (2, 3, 4)]
        wait_until(lambda: waiting(queue) == 3)
        runner.release.set()
        assert first.result() == 2
        assert [each.result() for each in others] == [4, 6, 8]
    assert [sorted(run) for run in runner.runs] == [[1], [2, 3, 4]]


def test_a_full_batch_is_followed_by_another_until_the_queue_is_full() -> None:
    runner = Runner()
    queue = queue_of(runner, max_batch_size=2, largest=2, max_enqueued=1)
    with ThreadPoolExecutor(8) as pool:
        busy(queue, runner, pool)
        pool.submit(queue.submit, 2, 2)
        wait_until(lambda: waiting(queue) == 2)
        with pytest.raises(Unavailable, match="is full; currently 1 batches enqueued and max_enqueued_batches is 1"):
            queue.submit(3, 1)
        runner.release.set()


def test_an_error_reaches_everybody_in_the_batch() -> None:
    runner = Runner()
    queue = queue_of(runner)
    with ThreadPoolExecutor(8) as pool:
        busy(queue, runner, pool)
        others = [pool.submit(queue.submit, number, 1) for number in (2, 13)]
        wait_until(lambda: waiting(queue) == 2)
        runner.release.set()
        for each in others:
            with pytest.raises(InvalidArgument, match="unlucky"):
                each.result()


def test_who_joined_gives_up_at_its_deadline() -> None:
    runner = Runner()
    queue = queue_of(runner)
    with ThreadPoolExecutor(8) as pool:
        busy(queue, runner, pool)
        pool.submit(queue.submit, 2, 1)
        wait_until(lambda: waiting(queue) == 1)
        with pytest.raises(ResourceExhausted, match="timeout exceeded while waiting in batching queue"):
            queue.submit(3, 1, 0.01)
        runner.release.set()


def test_a_batch_whose_time_is_over_before_it_begins_is_not_run() -> None:
    runner = Runner()
    queue = queue_of(runner)
    with ThreadPoolExecutor(8) as pool:
        busy(queue, runner, pool)
        late = pool.submit(queue.submit, 2, 1, 0.0)
        wait_until(lambda: waiting(queue) == 1)
        runner.release.set()
        with pytest.raises(ResourceExhausted, match="timeout exceeded while waiting in batching queue"):
            late.result()
    assert runner.runs == [[1]]


def test_a_run_has_the_time_of_the_most_patient_task() -> None:
    runner = Runner()
    queue = queue_of(runner)
    with ThreadPoolExecutor(8) as pool:
        busy(queue, runner, pool)
        others = [pool.submit(queue.submit, number, 1, 50.0 * number) for number in (2, 1)]
        wait_until(lambda: waiting(queue) == 2)
        runner.release.set()
        for each in others:
            each.result()
    first, second = runner.times_s
    assert first is None
    assert second is not None
    assert 50 < second <= 100


def test_a_batch_waits_to_be_filled_as_long_as_configured() -> None:
    runner = Runner()
    runner.release.set()
    queue = queue_of(runner, max_batch_size=3, largest=3, timeout_s=60.0)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(queue.submit, number, 1) for number in (1, 2, 3)]
        assert [each.result(10) for each in asked] == [2, 4, 6]
    assert len(runner.runs) == 1
