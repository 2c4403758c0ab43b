"""The file of API keys, taken up again when it changes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.access.keys import InvalidKeys, Key, read_keys, write_keys

_log = logging.getLogger(__name__)

REREAD_S = 1.0
_PATIENCE_S = 2.0
"""Bound of a wait for another thread's look at the file."""
_Stamp = tuple[int, int, int]


class KeyFile:
    """The keys in `path`, safe to share between threads; `clock` is monotonic, in seconds.

    A file that cannot be read when it changes leaves the keys as they were, is said in the log, and is tried again:
    nobody is let in or shut out by half a file. Raises InvalidKeys when built on one.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp: _Stamp = _stamp_of(path)
        self._keys = load_keys(path)
        self._look_at = clock() + REREAD_S

    def keys(self) -> Sequence[Key]:
        """The keys that hold now; never raises."""
        # Whoever comes while the file is read waits for what it says: the keys in memory may be as old as the last
        # request, and would refuse one that was made long ago or let one in that was taken away.
        if self._clock() >= self._look_at and self._lock.acquire(timeout=_PATIENCE_S):
            try:
                if self._clock() >= self._look_at:
                    self._reread()
                    self._look_at = self._clock() + REREAD_S
            finally:
                self._lock.release()
        return self._keys

    def _reread(self) -> None:
        try:
            stamp = _stamp_of(self._path)
            if stamp != self._stamp:
                self._keys, self._stamp = load_keys(self._path), stamp
                _log.info("The API keys were read again.", extra={"fields": {"keys": len(self._keys)}})
        except InvalidKeys as error:
            _log.error("The API keys stay as they were.", extra={"fields": {"error": str(error)}})


def load_keys(path: Path) -> tuple[Key, ...]:
    """Everything in the file; raises InvalidKeys."""
    try:
        return read_keys(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidKeys(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidKeys("it is no UTF-8 text") from None


def save_keys(path: Path, keys: Sequence[Key]) -> None:
    """Put `keys` in the place of the file at once, readable by its owner only; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.write(write_keys(keys))
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _stamp_of(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise InvalidKeys(f"it cannot be read: {error.strerror}") from None
    return found.st_mtime_ns, found.st_size, found.st_ino
