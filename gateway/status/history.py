"""Figures as they were over the last minutes, without a thread: each request, at most every few seconds, takes note."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from gateway.status.figures import Figures, quantile

EVERY_S = 5.0
KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """`figures` at `at`, in seconds of the history's clock."""

    at: float
    figures: Figures


class History:
    """Safe to share between threads. `read` gives the figures, None where they cannot be had; `clock` is monotonic."""

    def __init__(self, read: Callable[[], Figures | None], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._moments: deque[Moment] = deque()
        self._lock = threading.Lock()
        self._next = float("-inf")
        self.reachable = False

    def take_note(self) -> None:
        """Read the figures if the last reading is old enough and no other thread is at it."""
        if self._clock() < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            now = self._clock()
            self._next = now + EVERY_S
            figures = self._read()
            self.reachable = figures is not None
            if figures is None:
                return
            if self._moments and any(figures.get(key, 0) < value for key, value in self._last.figures.items()):
                # The process that counts was started again.
                self._moments.clear()
            self._moments.append(Moment(now, figures))
            while self._moments[0].at < now - KEPT_S:
                self._moments.popleft()
        finally:
            self._lock.release()

    @property
    def _last(self) -> Moment:
        return self._moments[-1]

    def moments(self) -> tuple[Moment, ...]:
        """What is remembered, oldest first."""
        return tuple(self._moments)

    def now(self) -> Figures:
        """The latest figures; empty before the first."""
        moments = self.moments()
        return moments[-1].figures if moments else {}

    def lately(self) -> tuple[Figures, Figures, float]:
        """The oldest and the latest figures and the seconds between them."""
        moments = self.moments()
        if not moments:
            return {}, {}, 0.0
        return moments[0].figures, moments[-1].figures, moments[-1].at - moments[0].at

    def grown(self, name: str) -> float:
        """How much a figure grew in the time that is remembered."""
        earlier, later, _ = self.lately()
        return later.get(name, 0.0) - earlier.get(name, 0.0)

    def rate(self, name: str) -> float | None:
        """How much it grew in a second; None before there are two moments."""
        seconds = self.lately()[2]
        return self.grown(name) / seconds if seconds > 0 else None

    def quantile(self, name: str, q: float) -> float | None:
        """The `q` quantile of a histogram in the time that is remembered."""
        earlier, later, _ = self.lately()
        return quantile(later, earlier, name, q)

    def rates(self, name: str) -> list[float]:
        """Its rate from moment to moment."""
        moments = self.moments()
        return [
            (later.figures.get(name, 0.0) - earlier.figures.get(name, 0.0)) / (later.at - earlier.at)
            for earlier, later in pairwise(moments)
        ]

    def quantiles(self, name: str, q: float) -> list[float | None]:
        """The `q` quantile of what was counted from moment to moment."""
        moments = self.moments()
        return [quantile(later.figures, earlier.figures, name, q) for earlier, later in pairwise(moments)]
