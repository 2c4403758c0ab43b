"""What happened to every version ever seen: the rows of GetModelStatus. Nothing is forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from threading import Condition

from serving.local_server.errors import StatusError


class State(IntEnum):
    """The states of GetModelStatus, with its numbers."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True, slots=True)
class VersionState:
    """The newest state of one version; `error` is what ended it."""

    state: State
    error: StatusError | None = None


class StateMonitor:
    """Keeps the newest state of each version, and wakes those who wait for one. Safe for threads."""

    def __init__(self) -> None:
        self._states: dict[str, dict[int, VersionState]] = {}
        self._changed = Condition()

    def publish(self, model: str, version: int, state: State, error: StatusError | None = None) -> None:
        """Note the new state of a version."""
        with self._changed:
            self._states.setdefault(model, {})[version] = VersionState(state, error)
            self._changed.notify_all()

    def versions(self, model: str) -> dict[int, VersionState]:
        """The versions of `model`, highest first; empty for a model never seen."""
        with self._changed:
            return dict(sorted(self._states.get(model, {}).items(), reverse=True))

    def wait_until(self, reached: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until `reached()` after some change of state; False when the time was over before.

        It may look again without a change every second, because `reached` may also depend on a shutdown.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not reached():
                left = 1.0 if end is None else min(1.0, end - time.monotonic())
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True
