"""Strict accounting as the platforms do it: a request over the limit is refused and counted as a violation."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import Any

MAX_CREDENTIALS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `limit` requests of `methods` per `seconds`; `fixed` windows begin with their first request."""

    name: str
    methods: frozenset[str]
    limit: int
    seconds: float
    fixed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is served, and what the headers say; `reset` in seconds since the epoch."""

    allowed: bool
    limit: int
    remaining: int
    reset: int


class Accounting:
    """Counts every request of every credential."""

    def __init__(self, limits: Sequence[Limit], now: Callable[[], float]) -> None:
        self.limits = tuple(limits)
        self._now = now
        self._lock = Lock()
        self._sliding: dict[tuple[str, str], deque[float]] = {}
        self._fixed: dict[tuple[str, str], tuple[float, int]] = {}
        self._requests: Counter[str] = Counter()
        self._violations: Counter[str] = Counter()

    def count(self, method: str, credential: str) -> Verdict:
        """Count one request; the tightest of its windows decides."""
        with self._lock:
            self._requests[method] += 1
            verdicts = [self._counted(limit, credential) for limit in self.limits if method in limit.methods]
            if any(not verdict.allowed for verdict in verdicts):
                self._violations[method] += 1
        return min(verdicts, key=lambda verdict: (verdict.allowed, verdict.remaining))

    def document(self) -> dict[str, object]:
        """`requests` and `violations` by method, and the fullest window of each limit."""
        with self._lock:
            return {"requests": dict(self._requests), "violations": dict(self._violations)}

    def _counted(self, limit: Limit, credential: str) -> Verdict:
        now, key = self._now(), (limit.name, credential)
        if limit.fixed:
            reset, used = self._fixed.get(key, (0.0, 0))
            if now >= reset:
                reset, used = ceil(now + limit.seconds), 0
            self._fixed[key] = (reset, used + 1)
            _bound(self._fixed)
            return Verdict(used < limit.limit, limit.limit, max(0, limit.limit - used - 1), int(reset))
        times = self._sliding.setdefault(key, deque())
        while times and times[0] <= now - limit.seconds:
            times.popleft()
        times.append(now)
        _bound(self._sliding)
        return Verdict(
            len(times) <= limit.limit, limit.limit, max(0, limit.limit - len(times)), ceil(times[0] + limit.seconds)
        )


def _bound(held: dict[tuple[str, str], Any]) -> None:
    if len(held) > MAX_CREDENTIALS:
        held.pop(next(iter(held)))
