"""Faults that a test orders: the next requests of a method are answered as the platforms answer on bad days."""

from __future__ import annotations

from collections import deque
from threading import Lock

KINDS = frozenset(
    "rate-limited usage-capped client-forbidden unauthorized please-wait checkpoint challenge feedback "
    "login-redirect challenge-redirect not-found bad-request server-error lost-headers empty garbage hang drop".split()
)


class Faults:
    """Orders by method; `*` stands for every method."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: dict[str, deque[str]] = {}

    def order(self, method: str, kind: str, times: int) -> None:
        """Answer the next `times` requests of `method` by `kind`; raises ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._orders.setdefault(method, deque()).extend([kind] * times)

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._orders.clear()

    def take(self, method: str) -> str | None:
        """The fault for this request, if any."""
        with self._lock:
            for key in (method, "*"):
                if self._orders.get(key):
                    return self._orders[key].popleft()
        return None
