"""Time as a collaborator: `now` and `sleep` both, so that no decision and no test depends on the wall clock."""

from __future__ import annotations

import time
from threading import Lock
from typing import Protocol

_STEP_S = 0.5


class Clock(Protocol):
    """Seconds since the epoch, and waiting."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...

    def step(self) -> float:
        """Seconds by which the clock was set forward (+) or back (-) since the last call; 0 where it ran evenly."""
        ...


class SystemClock:
    """The machine's clock, which notices when somebody sets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._difference = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        time.sleep(max(0.0, seconds))

    def step(self) -> float:
        """The wall clock's gain over the monotonic one since the last call, if above half a second."""
        with self._lock:
            difference = time.time() - time.monotonic()
            gained = difference - self._difference
            if abs(gained) < _STEP_S:
                return 0.0
            self._difference = difference
            return gained
