"""What the log line of the request in hand says besides its route: the outcome, each hop, and whom it was about.

Whoever knows something adds it; outside of a request nothing is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Notes:
    """`account` is the key of a profile (`ProfileRef.key`), which is hashed before it is written anywhere."""

    outcome: str | None = None
    account: str | None = field(default=None, repr=False)
    hops: list[dict[str, Any]] = field(default_factory=list)

    def fields(self, key: bytes) -> dict[str, Any]:
        """What is known, the account as a hash under `key`."""
        line: dict[str, Any] = {}
        if self.outcome is not None:
            line["outcome"] = self.outcome
        if self.account is not None:
            line["account"] = hmac.new(key, self.account.encode(), hashlib.sha256).hexdigest()[:16]
        if self.hops:
            line["hops"] = self.hops
        return line


_current: ContextVar[Notes | None] = ContextVar("request_notes", default=None)


def begin_notes() -> Notes:
    """The notes of a request that begins now."""
    notes = Notes()
    _current.set(notes)
    return notes


def note_account(account: str) -> None:
    """Whom the request is about."""
    if (notes := _current.get()) is not None:
        notes.account = account


def note_outcome(outcome: str) -> None:
    """What became of it."""
    if (notes := _current.get()) is not None:
        notes.outcome = outcome


def note_hop(hop: str, operation: str, outcome: str, seconds: float) -> None:
    """A call to another service has ended."""
    if (notes := _current.get()) is not None:
        notes.hops.append({"hop": hop, "operation": operation, "outcome": outcome, "ms": round(seconds * 1e3, 1)})
