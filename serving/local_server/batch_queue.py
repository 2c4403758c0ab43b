"""Gathers what several threads want to run into batches, without threads of its own.

Who opens a batch runs it: it waits until one of the slots is free and, if so configured, for the batch to fill; whoever
comes meanwhile joins and waits for the result. So a lone request runs at once in its own thread, and under load the
requests that wait for a slot run together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import BoundedSemaphore, Condition, Lock
from typing import Generic, TypeVar

from serving.local_server.batching_parameters import BatchingParameters
from serving.local_server.errors import DeadlineExceeded, ResourceExhausted, Unavailable

Task = TypeVar("Task")
Result = TypeVar("Result")

_LATE = "Run() timeout exceeded while waiting in batching queue"


class _Batch(Generic[Task, Result]):
    def __init__(self, lock: Lock) -> None:
        self.changed = Condition(lock)
        self.tasks: list[Task] = []
        self.rows = 0
        self.end: float | None = 0.0
        self.begun = self.done = False
        self.results: Sequence[Result] = ()
        self.error: BaseException | None = None

    def left_s(self, now: float) -> float | None:
        """Seconds for its run, None for as many as it takes; raises ResourceExhausted when nobody waits any more."""
        if self.end is not None and self.end <= now:
            raise ResourceExhausted(_LATE)
        return None if self.end is None else self.end - now


class BatchQueue(Generic[Task, Result]):
    """The batches of one signature. `run` computes the results of many tasks, in their order."""

    def __init__(
        self,
        parameters: BatchingParameters,
        slots: BoundedSemaphore,
        run: Callable[[Sequence[Task], float | None], Sequence[Result]],
        waited: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`slots` are shared by all queues; `run` is told how many seconds it has, `waited` those spent here."""
        self._parameters, self._slots, self._run, self._waited = parameters, slots, run, waited
        self._lock = Lock()
        self._open: deque[_Batch[Task, Result]] = deque()

    def submit(self, task: Task, rows: int, timeout_s: float | None = None) -> Result:
        """The result of `task`, whose `rows` fit into a batch.

        A batch has the time of its most patient task. Raises what `run` raises, Unavailable when too many batches
        wait, and when the time is over ResourceExhausted in the queue and DeadlineExceeded in a run.
        """
        started = time.monotonic()
        end = None if timeout_s is None else started + timeout_s
        with self._lock:
            batch = self._open[-1] if self._open else None
            if leads := batch is None or batch.rows + rows > self._parameters.largest:
                if len(self._open) >= self._parameters.max_enqueued:
                    raise Unavailable(
                        "The batch scheduling queue to which this task was submitted is full; currently "
                        f"{len(self._open)} batches enqueued and max_enqueued_batches is "
                        f"{self._parameters.max_enqueued}"
                    )
                batch = _Batch(self._lock)
                self._open.append(batch)
            assert batch is not None  # noqa: S101 - for the type checker.
            at = len(batch.tasks)
            batch.tasks.append(task)
            batch.rows += rows
            batch.end = None if end is None or batch.end is None else max(batch.end, end)
            if batch.rows >= self._parameters.largest:
                batch.changed.notify_all()
        if leads:
            self._lead(batch, started)
        else:
            self._follow(batch, end)
        if batch.error is not None:
            raise batch.error
        return batch.results[at]

    def _lead(self, batch: _Batch[Task, Result], started: float) -> None:
        if self._parameters.timeout_s:
            left_s = started + self._parameters.timeout_s - time.monotonic()
            with self._lock:
                batch.changed.wait_for(lambda: batch.rows >= self._parameters.largest, left_s)
        try:
            with self._slots:
                with self._lock:
                    self._open.remove(batch)
                    batch.begun = True
                now = time.monotonic()
                self._waited(now - started)
                batch.results = self._run(batch.tasks, batch.left_s(now))
        except BaseException as error:  # noqa: BLE001 - every task of the batch raises it.
            batch.error = error
        with self._lock:
            batch.done = True
            if len(batch.tasks) > 1:
                batch.changed.notify_all()

    def _follow(self, batch: _Batch[Task, Result], end: float | None) -> None:
        with self._lock:
            if not batch.changed.wait_for(lambda: batch.done, None if end is None else end - time.monotonic()):
                raise (
                    DeadlineExceeded("Timed out waiting for notification") if batch.begun else ResourceExhausted(_LATE)
                )
