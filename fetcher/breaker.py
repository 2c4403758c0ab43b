"""A circuit breaker for one upstream method: what breaks, or suddenly answers with holes, rests for a while.

Closed it lets everything pass; open nothing; after its pause one trial decides (half open). It opens after
`MOST_FAILURES` failures in a row, or when the share of missing fields jumps by `JUMP` over what it used to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Any

MOST_FAILURES = 5
JUMP = 0.25
LEAST_SEEN = 20
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
_SLOW, _FAST = 0.02, 0.25
"""Weights of a new answer in the slow and the fast average of missing fields."""


class Condition(StrEnum):
    """Whether a method is used."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class _Health:
    failures: int = 0
    opened: int = 0
    until: float = 0.0
    trial: bool = False
    seen: int = 0
    usual: float = 0.0
    recent: float = 0.0
    reason: str = ""


class Breaker:
    """Every moment `now` is given, in seconds."""

    def __init__(self, method: str) -> None:
        self.method = method
        self._lock = Lock()
        self._health = _Health()

    def allows(self, now: float) -> bool:
        """Whether the method may be tried; of an open one, one trial after its pause. Then tell how it went."""
        with self._lock:
            health = self._health
            if health.opened == 0:
                return True
            if now < health.until:
                return False
            # A trial of which nothing was heard is over after another first pause.
            health.until, health.trial = now + FIRST_PAUSE_S, True
            return True

    def answered(self, missing_share: float, now: float) -> None:
        """The method gave a profile that lacked this share of the fields."""
        with self._lock:
            health = self._health
            if health.seen == 0:
                health.usual = health.recent = missing_share
            health.seen += 1
            health.recent += _FAST * (missing_share - health.recent)
            if health.seen > LEAST_SEEN and health.recent > health.usual + JUMP:
                health.recent = health.usual
                self._open("missing fields", now)
                return
            health.usual += _SLOW * (missing_share - health.usual)
            if not (health.trial and missing_share > health.usual + JUMP):
                health.failures, health.opened, health.trial, health.reason = 0, 0, False, ""

    def spoke(self) -> None:
        """The method answered as it should, without a profile (an account that does not exist)."""
        with self._lock:
            health = self._health
            health.failures, health.opened, health.trial, health.reason = 0, 0, False, ""

    def failed(self, now: float) -> None:
        """The method gave no answer that could be read."""
        with self._lock:
            self._health.failures += 1
            if self._health.trial or self._health.failures >= MOST_FAILURES:
                self._open("failures", now)

    def document(self, now: float) -> dict[str, Any]:
        """For `GET /limits`."""
        with self._lock:
            health = self._health
            condition = Condition.CLOSED
            if health.opened:
                condition = Condition.OPEN if now < health.until and not health.trial else Condition.HALF_OPEN
            return {
                "method": self.method,
                "breaker": condition.value,
                "reason": health.reason or None,
                "closed_again_in_s": round(max(0.0, health.until - now), 1) if health.opened else 0.0,
                "failures_in_a_row": health.failures,
                "missing_share": round(health.recent, 3),
            }

    def _open(self, reason: str, now: float) -> None:
        health = self._health
        pause = min(FIRST_PAUSE_S * 2.0**health.opened, LONGEST_PAUSE_S)
        health.opened, health.until, health.trial, health.reason = health.opened + 1, now + pause, False, reason
