"""What was seen of two versions lately: calls of each, and comparisons of one with the other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

WINDOW_S = 300.0
KEPT = 500
"""So many of the newest observations of a kind count, and none that is older than `WINDOW_S`."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one version. `tail_s` is about their 99th percentile, None without an answered call."""

    requests: int = 0
    errors: int = 0
    tail_s: float | None = None

    @property
    def error_rate(self) -> float:
        """Errors among requests."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Answers of two versions for the same accounts.

    `agreed` of `compared` gave the same label; `mean_absolute_difference` is that of the class probabilities.
    """

    compared: int = 0
    agreed: int = 0
    mean_absolute_difference: float | None = None

    @property
    def rate(self) -> float:
        """The share of accounts with the same label."""
        return self.agreed / self.compared if self.compared else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything the rollback rule looks at."""

    stable: Calls = Calls()
    canary: Calls = Calls()
    agreement: Agreement = Agreement()


def tail(seconds: Iterable[float]) -> float | None:
    """The largest of `seconds` but for 1%, and but for two: one pause of the machine is not a slow version."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return ordered[max(0, len(ordered) - 1 - max(2, ceil(0.01 * len(ordered))))]


class Observations:
    """The newest observations, safe to share between threads; `now` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._calls: dict[bool, deque[tuple[float, float | None]]] = {}
        self._compared: deque[tuple[float, bool, float]] = deque()
        self._about: object = None
        self.start(None)

    def start(self, about: object) -> None:
        """Forget everything when `about`, which canary under which settings, is another than before."""
        if about == self._about and self._calls:
            return
        with self._lock:
            self._about = about
            self._calls = {canary: deque(maxlen=KEPT) for canary in (False, True)}
            self._compared = deque(maxlen=KEPT)

    def called(self, *, canary: bool, seconds: float | None) -> None:
        """A call that took `seconds`, or failed (None)."""
        with self._lock:
            self._calls[canary].append((self._now(), seconds))

    def compared(self, *, agreed: bool, difference: float) -> None:
        """An account that both versions were asked about."""
        with self._lock:
            self._compared.append((self._now(), agreed, difference))

    def observed(self) -> Observed:
        """What counts now."""
        with self._lock:
            since = self._now() - WINDOW_S
            calls = {canary: [s for at, s in kept if at >= since] for canary, kept in self._calls.items()}
            compared = [(agreed, difference) for at, agreed, difference in self._compared if at >= since]
        return Observed(
            stable=_summary(calls[False]),
            canary=_summary(calls[True]),
            agreement=Agreement(
                len(compared),
                sum(agreed for agreed, _ in compared),
                sum(difference for _, difference in compared) / len(compared) if compared else None,
            ),
        )


def _summary(calls: list[float | None]) -> Calls:
    answered = [seconds for seconds in calls if seconds is not None]
    return Calls(len(calls), len(calls) - len(answered), tail(answered))
