"""Stable numeric ids, and back from an id to its handle.

A handle of at most 11 characters is a number in base 38 and needs no memory. A longer one gets a hash above those, and
is found again by id only after somebody asked for it by name in this process.
"""

from __future__ import annotations

import hashlib
from threading import Lock

from contracts.platforms import MAX_ID, Platform

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_."
_BASE = len(_LETTERS)
_SHORT = 12
_REMEMBERED = 200_000


class Identities:
    """Ids of handles (lower case)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._long: dict[tuple[Platform, int], str] = {}

    def id_of(self, platform: Platform, handle: str) -> str:
        """The id of `handle`."""
        number = _number(handle) if len(handle) < _SHORT else 0
        if not number:
            digest = hashlib.sha256(f"{platform.value}:{handle}".encode()).digest()
            number = _BASE**_SHORT + int.from_bytes(digest[:8]) % (MAX_ID - _BASE**_SHORT)
            with self._lock:
                if len(self._long) >= _REMEMBERED:
                    self._long.pop(next(iter(self._long)))
                self._long[platform, number] = handle
        return str(number)

    def handle_of(self, platform: Platform, account_id: str) -> str | None:
        """The handle behind `account_id`, if there is one."""
        number = int(account_id)
        if number >= _BASE**_SHORT:
            return self._long.get((platform, number))
        letters = []
        while number > 0:
            number, digit = divmod(number - 1, _BASE)
            letters.append(_LETTERS[digit])
        handle = "".join(reversed(letters))
        return handle if len(handle) < _SHORT and platform.is_handle(handle) else None


def _number(handle: str) -> int:
    """Bijective base 38, so that no two handles share a number."""
    number = 0
    for letter in handle:
        number = number * _BASE + _LETTERS.index(letter) + 1
    return number
