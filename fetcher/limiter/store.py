"""What a store does for the rate-limit handler; the two real ones keep the same promises (the same tests hold both).

A store owns the time: `now` is its clock, and whoever changes a state is given that time with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fetcher.limiter.state import State

Result = TypeVar("Result")
Change = Callable[[State, float], tuple[State | None, Result]]
"""From the state and the time to the state to store (None leaves it) and a result; may be called again."""
Fresh = Callable[[float | None], State]
"""The state of a credential that the store does not know; given when the store was last lost, if ever."""

LOST = "the record of past requests was lost or is older; every window counts as spent"
"""What the log says then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One granted request. `accounts` are keyed hashes, never handles; `cost` is in millionths of a dollar."""

    token: str
    platform: str
    method: str
    credential: str
    accounts: tuple[str, ...]
    cost: int
    wait_s: float


class Store(Protocol):
    """Every method raises StoreUnavailable where the store cannot be used."""

    one_clock: bool
    """Whether all processes on this store share its clock, so that a start of a process changes nothing in it."""

    def now(self) -> float:
        """The store's time, seconds since the epoch."""
        ...

    def clock_id(self) -> str:
        """Names the clock: under another name it may differ by the tolerance."""
        ...

    def change(self, key: str, fresh: Fresh, change: Change[Result]) -> Result:
        """Apply `change` to the state under `key` atomically."""
        ...

    def grant(self, key: str, fresh: Fresh, change: Change[Result], row: Callable[[float], LedgerRow]) -> Result:
        """As `change`; a stored state is a grant, and the row enters the ledger with it."""
        ...

    def settle(self, key: str, fresh: Fresh, change: Change[Result], *, token: str, outcome: str) -> Result:
        """As `change`, and the ledger's row of `token` gets its outcome."""
        ...

    def ledger(self) -> list[dict[str, object]]:
        """Every row, oldest first."""
        ...

    def prune(self, *, ledger_s: float) -> None:
        """Forget ledger rows that are older, and expired answers and claims."""
        ...

    def cached(self, keys: Sequence[str]) -> dict[str, str]:
        """The documents under `keys` that have not expired."""
        ...

    def remember(self, documents: Mapping[str, tuple[str, float]], *, most: int) -> None:
        """Keep each document until its time; beyond `most` of them the oldest go."""
        ...

    def forget(self, keys: Sequence[str]) -> None:
        """Drop documents."""
        ...

    def claim(self, keys: Sequence[str], owner: str, seconds: float) -> set[str]:
        """Those of `keys` that nobody else claims; they are the owner's for so long, or until it releases them."""
        ...

    def release(self, keys: Sequence[str], owner: str) -> None:
        """Give back what the owner claimed."""
        ...
