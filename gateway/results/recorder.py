"""Keeps answers off the way of whoever waits for them: a bounded queue, and one thread that writes what lies in it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from gateway.assessment import Assessment, Kept
from gateway.errors import DatabaseUnavailableError
from gateway.metrics import Metrics
from gateway.results.accounts import AccountHashes
from gateway.results.store import ResultStore
from gateway.results.stored import StoredResult, time_of

_log = logging.getLogger(__name__)

MOST_WAITING = 2000
_AT_ONCE = 200
_GATHER_S = 0.1
"""Answers that come within so long are written together."""
_TRIES_S = (0.2, 1.0, 3.0)
"""How long to wait for a database that does not answer, before each further try."""
_DAY_S = 86400.0


class Recorder(Protocol):
    """What the use case needs to have an answer kept."""

    def keep(self, owner: str, answer: Assessment) -> Kept | None:
        """Have `answer` kept for `owner`; None where it is not."""


class NoRecorder:
    """Keeps nothing: RETENTION_DAYS is 0."""

    def keep(self, owner: str, answer: Assessment) -> Kept | None:  # noqa: ARG002 - It is the protocol's.
        """Nothing is kept."""
        return None

    def close(self) -> None:
        """There is nothing to write."""


class QueuedRecorder:
    """Safe to share between threads. What cannot be written is counted and said in the log, never lost silently."""

    def __init__(
        self,
        store: ResultStore,
        hashes: AccountHashes,
        metrics: Metrics,
        *,
        retention_days: float,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._hashes = hashes
        self._metrics = metrics
        self._kept_s = retention_days * _DAY_S
        self._now = now
        self._sleep = sleep
        self._queue: queue.Queue[StoredResult | threading.Event] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, owner: str, answer: Assessment) -> Kept | None:
        """As the protocol says; it never waits."""
        asked_at = self._now().timestamp()
        result = StoredResult.of(owner, answer, self._hashes, asked_at=asked_at, kept_s=self._kept_s)
        self._start()
        try:
            self._queue.put_nowait(result)
        except queue.Full:
            self._lost(1, "The queue of results is full.")
            return None
        return Kept(result.id, time_of(result.expires_at))

    def flush(self, timeout_s: float = 2.0) -> bool:
        """Wait until what was kept up to now is written or given up; False where that takes longer."""
        if self._thread is None:
            return True
        done = threading.Event()
        try:
            self._queue.put(done, timeout=timeout_s)
        except queue.Full:
            return False
        return done.wait(timeout_s)

    def close(self) -> None:
        """Write what is left, at the end of the process."""
        if not self.flush(5.0):
            self._lost(self._queue.qsize(), "The process ended before everything was written.")

    def _start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write, name="results", daemon=True)
                    self._thread.start()

    def _write(self) -> None:
        while True:
            found: list[StoredResult] = []
            done: list[threading.Event] = []
            self._take(self._queue.get(), found, done)
            if not done:
                self._sleep(_GATHER_S)
            while len(found) < _AT_ONCE:
                try:
                    self._take(self._queue.get_nowait(), found, done)
                except queue.Empty:
                    break
            self._store_all(found)
            for event in done:
                event.set()

    @staticmethod
    def _take(item: StoredResult | threading.Event, found: list[StoredResult], done: list[threading.Event]) -> None:
        if isinstance(item, threading.Event):
            done.append(item)
        else:
            found.append(item)

    def _store_all(self, found: list[StoredResult]) -> None:
        if not found:
            return
        for wait_s in (*_TRIES_S, None):
            try:
                stored = self._store.add(found)
            except DatabaseUnavailableError as error:
                if wait_s is None:
                    self._lost(len(found), str(error))
                    return
                self._sleep(wait_s)
            except Exception as error:  # noqa: BLE001 - The thread must go on, whatever one answer holds.
                _log.error("fault", exc_info=error)
                self._lost(len(found), type(error).__name__)
                return
            else:
                self._metrics.results_kept.labels("kept").inc(stored)
                self._metrics.results_kept.labels("deleted").inc(len(found) - stored)
                return

    def _lost(self, number: int, why: str) -> None:
        self._metrics.results_kept.labels("lost").inc(number)
        _log.error("Results could not be kept.", extra={"fields": {"results": number, "error": why}})
