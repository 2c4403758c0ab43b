"""The scheduler's tick: sees from the tables what is left to do and sends messages for it.

A lost message costs a tick. It runs in every worker; ticks of several workers do no harm.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.overview import Overview
from gateway.batches.queue import WorkQueue
from gateway.batches.store import BatchStore
from gateway.errors import DatabaseUnavailableError

_log = logging.getLogger(__name__)
TICK_S = 1.0
_CLEAN_EVERY = 60
_STEP_S = 5.0
"""A clock that is set back by less is not minded."""


class Pulse:
    """`messages` is how many chunks this worker can have under way; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        store: BatchStore,
        claims: Claims,
        queue: WorkQueue,
        metrics: BatchMetrics,
        *,
        messages: int,
        tick_s: float = TICK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._ahead: float | None = None
        self._store = store
        self._claims = claims
        self._queue = queue
        self._metrics = metrics
        self._overview = Overview(store)
        self._messages = messages
        self._tick_s = tick_s
        self._ticks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Tick in a thread of its own until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(timeout=10)

    def tick(self) -> None:
        """Once; a database or queue that is away is counted and tried again at the next tick."""
        try:
            self._watch_clock()
            if self._ticks % _CLEAN_EVERY == 0:
                self._store.drop_unloaded()
            self._claims.end_finished()
            ready = self._claims.ready_chunks(4 * self._messages)
            if missing := min(ready, self._messages) - self._queue.length():
                self._queue.send(missing)
            self._metrics.ready.set(ready)
            self._metrics.queue.set(self._queue.length())
            if self._ticks % 5 == 0:
                self._overview.show(self._metrics)
        except DatabaseUnavailableError:
            self._metrics.pulse_errors.inc()
        except Exception:  # noqa: BLE001 - as the next line says.
            # The pulse is what mends everything else, so it must go on beating.
            self._metrics.pulse_errors.inc()
            _log.exception("A tick failed.")
        self._ticks += 1

    def _watch_clock(self) -> None:
        """Notice that the machine's clock was set back."""
        ahead = self._store.now() - self._clock()
        if self._ahead is not None and self._ahead - ahead > _STEP_S:
            seconds = self._ahead - ahead
            self._claims.moved_back(seconds)
            _log.warning("The clock was set back.", extra={"fields": {"seconds": round(seconds)}})
        self._ahead = ahead

    def _run(self) -> None:
        while not self._stop.is_set():
            self.tick()
            self._stop.wait(self._tick_s)
