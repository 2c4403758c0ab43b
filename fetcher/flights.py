"""Single flight: an account that is being looked up is not looked up a second time, its result is shared."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


class Flights(Generic[Key, Result]):
    """The lookups under way in this process. Whoever claims a key must land it, come what may."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flying: dict[Key, Future[Result]] = {}

    def claim(self, keys: Iterable[Key]) -> tuple[list[Key], dict[Key, Future[Result]]]:
        """The keys that are now the caller's to look up, and the others' results to come."""
        mine: list[Key] = []
        others: dict[Key, Future[Result]] = {}
        with self._lock:
            for key in keys:
                if key in self._flying:
                    others[key] = self._flying[key]
                else:
                    self._flying[key] = Future()
                    mine.append(key)
        return mine, others

    def land(self, key: Key, result: Result) -> None:
        """Give `result` to everybody who waits for `key`."""
        with self._lock:
            flight = self._flying.pop(key)
        flight.set_result(result)
