"""The traffic in force: kept in the database, known here, and reread so that every replica agrees within a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from gateway.errors import DatabaseUnavailableError
from gateway.metrics import Metrics
from gateway.rollback_rule import Breach
from gateway.traffic import RolledBack, Traffic
from gateway.traffic_store import TrafficStore

_log = logging.getLogger(__name__)

REREAD_S = 1.0
RETRY_S = 5.0
"""How long to leave a database in peace that does not answer."""
_ATTEMPTS = 5


class TrafficControl:
    """Safe to share between threads; `clock` is monotonic, in seconds.

    Requests never wait for each other or for a database that is away: whoever comes first after a second rereads, the
    others go on with what is known, and without a database it stays as it was, at first everything with stable.
    """

    def __init__(self, store: TrafficStore, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Traffic()
        self._unsaved = False
        self._reread_at = float("-inf")

    def current(self) -> Traffic:
        """What holds; never raises."""
        if self._clock() >= self._reread_at and self._lock.acquire(blocking=False):
            try:
                self._reread()
            except DatabaseUnavailableError as error:
                self._reread_at = self._clock() + RETRY_S
                _log.warning("The traffic between versions cannot be read.", extra={"fields": {"error": str(error)}})
            finally:
                self._lock.release()
        return self._known

    def fresh(self) -> Traffic:
        """What holds, as the database has it now; raises DatabaseUnavailableError."""
        with self._lock:
            self._reread()
            return self._known

    def change(self, edit: Callable[[Traffic], Traffic]) -> Traffic:
        """Put `edit` of what holds in its place; raises DatabaseUnavailableError."""
        with self._lock:
            for _ in range(_ATTEMPTS):
                self._reread()
                if self._store.write(edit(self._known)):
                    self._reread()
                    return self._known
        raise DatabaseUnavailableError("The traffic is being changed by others at the same moment; try again.")

    def roll_back(self, seen: Traffic, breach: Breach, back: RolledBack) -> None:
        """Take the canary's share away, unless the traffic is no longer the one that was `seen`.

        It holds in this process at once, and in the database as soon as that answers.
        """
        with self._lock:
            if self._known.revision != seen.revision or self._known.canary_share == 0:
                return
            self._set(replace(self._known, canary_share=0.0, rolled_back=back))
            self._unsaved = True
            self._metrics.rollbacks.labels(breach.bound).inc()
            fields = {"version": back.version, "bound": breach.bound, "reason": back.reason}
            _log.error("The canary was rolled back.", extra={"fields": fields})
            try:
                self._reread()
            except DatabaseUnavailableError as error:
                _log.warning("The rollback is not saved yet.", extra={"fields": {"error": str(error)}})

    def _reread(self) -> None:
        try:
            found = self._store.read()
        except DatabaseUnavailableError:
            self._metrics.database_up.set(0)
            raise
        self._metrics.database_up.set(1)
        if self._unsaved and found.revision == self._known.revision:
            self._store.write(self._known)
            found = self._store.read()
        self._unsaved = False
        self._set(found)
        self._reread_at = self._clock() + REREAD_S

    def _set(self, traffic: Traffic) -> None:
        self._known = traffic
        self._metrics.canary_share.set(traffic.canary_share)
