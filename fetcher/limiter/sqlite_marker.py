"""The small file beside the SQLite store that says what the store should hold."""

from __future__ import annotations

import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)


class Marker:
    """Its text says how often the store was opened; its modification time is that of the newest grant."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opens = 0.0

    def read(self) -> tuple[float, float] | None:
        """How often the store was opened, and the time of its newest grant; None where there is no marker.

        Raises OSError, or ValueError where its text is none of ours.
        """
        try:
            return float(self._path.read_text() or 0), self._path.stat().st_mtime
        except FileNotFoundError:
            return None

    def write(self, opens: float, newest: float) -> None:
        """Take down both; raises OSError, and what stood there stays then."""
        written = self._path.with_name(self._path.name + ".new")
        written.write_text(f"{opens:.0f}")
        os.utime(written, (newest, newest))
        written.replace(self._path)
        self._opens = opens

    def granted(self, now: float) -> None:
        """Take down a grant. The store holds it already, so that a marker which cannot be written stops nothing."""
        try:
            try:
                os.utime(self._path, (now, now))
            except FileNotFoundError:
                self.write(self._opens, now)
        except OSError as error:
            _log.warning("the marker beside the store cannot be written", extra={"error": str(error.strerror)})
