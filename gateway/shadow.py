"""Copies of questions that wait for the version which did not answer; the first to go when there is much to do."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.metrics import Metrics

_log = logging.getLogger(__name__)

WAITING = 64
"""So many copies wait at most; a further one is dropped."""
LATE_S = 1.0
"""A copy that waited longer is dropped: there is more to do than time."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A question float32[n, F] and the probabilities float32[n, 4] that the person got, from the canary or stable.

    `canary` is the version that the comparison is about.
    """

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    by_canary: bool
    canary: int
    request_id: str


class Shadow:
    """One thread gives copy after copy to `compare`; it begins with the first one. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        compare: Callable[[Copy], None],
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
        waiting: int = WAITING,
    ) -> None:
        self._compare = compare
        self._metrics = metrics
        self._clock = clock
        self._queue: queue.Queue[tuple[float, Copy] | None] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many copies were dropped since the start."""
        return self._dropped

    def offer(self, copy: Copy, *, busy: bool) -> None:
        """Take the copy, or drop it where it is `busy` or too many wait; returns at once and never raises."""
        if busy:
            self._drop("busy")
            return
        try:
            self._queue.put_nowait((self._clock(), copy))
        except queue.Full:
            self._drop("full")
            return
        if self._thread is None:
            self._start()

    def drain(self) -> None:
        """Wait until every waiting copy was compared."""
        self._queue.join()

    def close(self) -> None:
        """End the thread after what waits."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (taken := self._queue.get()) is not None:
            offered_at, copy = taken
            try:
                if self._clock() - offered_at > LATE_S:
                    self._drop("late")
                else:
                    self._compare(copy)
            except Exception as error:  # noqa: BLE001 - A copy that fails, however, must not end the comparisons.
                self._metrics.shadow_copies.labels("failed").inc()
                _log.warning("A copy could not be compared.", extra={"fields": {"error": str(error)}})
            finally:
                self._queue.task_done()

    def _drop(self, why: str) -> None:
        with self._lock:
            self._dropped += 1
        self._metrics.shadow_copies.labels(why).inc()
