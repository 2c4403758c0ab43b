"""Accounts that wait to be looked up together: who goes aboard of the next request. No threads of its own, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from contracts.profile_ref import ProfileRef
from fetcher.sources.results import Found


@dataclass(eq=False, slots=True, kw_only=True)
class Passenger:
    """One account that somebody waits for. `since` is a moment of the clock."""

    ref: ProfileRef
    since: float
    deadline: float
    person: bool = True
    client: str = ""
    ticket: str | None = None
    result: Future[Found] = field(default_factory=Future)


class Lane:
    """The waiting accounts of one platform and kind (handles or ids), of all requests of this process.

    Order: people, then batches with a ticket, then other batches; batches of several clients by turns.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[Passenger, None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self) -> tuple[int, int]:
        """How many wait for a person, and how many for a batch."""
        with self._lock:
            people = sum(passenger.person for passenger in self._waiting)
            return people, len(self._waiting) - people

    def add(self, passengers: list[Passenger]) -> None:
        """Let them wait."""
        with self._lock:
            self._waiting.update(dict.fromkeys(passengers))

    def leave(self, passengers: list[Passenger]) -> list[Passenger]:
        """Those of `passengers` that were still waiting, and now do so no more."""
        with self._lock:
            return [passenger for passenger in passengers if self._waiting.pop(passenger, self) is None]

    def waits(self, passenger: Passenger) -> bool:
        """Whether it is still waiting."""
        return passenger in self._waiting

    def promote(self, refs: Iterable[ProfileRef]) -> list[Passenger]:
        """Somebody waits for these accounts who goes before batches; those that are still waiting."""
        wanted = set(refs)
        with self._lock:
            found = [passenger for passenger in self._waiting if passenger.ref in wanted]
            for passenger in found:
                passenger.person = True
            return found

    def next(self, most: int) -> list[Passenger]:
        """The first `most` that would go aboard."""
        with self._lock:
            return self._first(most)

    def board(self, most: int) -> list[Passenger]:
        """The first `most`, who now wait no more."""
        with self._lock:
            aboard = self._first(most)
            for passenger in aboard:
                del self._waiting[passenger]
            return aboard

    def _first(self, most: int) -> list[Passenger]:
        if len(self._waiting) <= most:
            return list(self._waiting)
        turns: Counter[str] = Counter()
        keyed = []
        for passenger in self._waiting:
            if passenger.person:
                key = (0, 0, passenger.since)
            else:
                turns[passenger.client] += 1
                key = (1 if passenger.ticket else 2, turns[passenger.client], passenger.since)
            keyed.append((key, passenger))
        keyed.sort(key=lambda each: each[0])
        return [passenger for _, passenger in keyed[:most]]
