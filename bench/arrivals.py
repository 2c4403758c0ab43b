"""Requests at a fixed rate, whatever the answers do; a latency counts from the moment at which it should have begun.

A closed loop would wait with its next request until a stalled server has answered, and so hide the stall.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Thread

from bench.peers.calls import CallFailed

WORKERS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gave: the version that answered, and its probabilities."""

    version: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. Times are of time.perf_counter; `failure` is "" when it was answered."""

    index: int
    due: float
    ended: float
    answer: Answer | None
    failure: str = ""

    @property
    def latency_s(self) -> float:
        """From the intended start."""
        return self.ended - self.due


class Arrivals:
    """Sends request after request, `per_second`, between `start` and `stop`. `ask` gets the request's number."""

    def __init__(self, ask: Callable[[int], Answer], per_second: float) -> None:
        self._ask, self._interval_s = ask, 1 / per_second
        self._stopping = Event()
        self._samples: list[Sample] = []
        self._thread = Thread(target=self._send, name="arrivals", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> list[Sample]:
        """Send no more; every sample once the last is answered, in the order of their intended starts."""
        self._stopping.set()
        self._thread.join()
        return sorted(self._samples, key=lambda sample: sample.due)

    def _send(self) -> None:
        began, index = time.perf_counter(), 0
        with ThreadPoolExecutor(WORKERS) as pool:
            while not self._stopping.is_set():
                due = began + index * self._interval_s
                time.sleep(max(0.0, due - time.perf_counter()))
                pool.submit(self._one, index, due)
                index += 1

    def _one(self, index: int, due: float) -> None:
        try:
            answer, failure = self._ask(index), ""
        except CallFailed as error:
            answer, failure = None, str(error)
        self._samples.append(Sample(index, due, time.perf_counter(), answer, failure))
