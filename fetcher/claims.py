"""The accounts that this process is looking up, told to its replicas by claims in the store.

A claim is short and renewed while the lookup goes on: when a fetcher dies, others take over after seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from fetcher.errors import FetcherError
from fetcher.limiter.store import Store

_log = logging.getLogger(__name__)
_CLAIM_S = 12.0
_RENEWALS = 3
"""How often a claim is renewed in its time, so that one slow answer of the store loses none."""


@dataclass(slots=True, eq=False)
class _Lookup:
    """What one owner claims. Its lock is held while the store is asked, so that owners wait for themselves alone."""

    owner: str
    keys: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: bool = False


class Claims:
    """Claims that stay until they are dropped, or until `seconds` after this process died."""

    def __init__(self, store: Store, *, seconds: float = _CLAIM_S, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._seconds = seconds
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lookups: dict[str, _Lookup] = {}
        self._keeper: threading.Thread | None = None

    def take(self, keys: Collection[str], owner: str) -> set[str]:
        """Those of `keys` that nobody else claims. Raises StoreUnavailable."""
        taken = self._store.claim(list(keys), owner, self._seconds)
        if taken:
            with self._lock:
                self._lookups.setdefault(owner, _Lookup(owner)).keys.update(taken)
                if self._keeper is None:
                    self._keeper = threading.Thread(target=self._keep, name="claims", daemon=True)
                    self._keeper.start()
        return taken

    def drop(self, owner: str) -> None:
        """Give back everything that the owner took; a store that fails is logged, and the claims run out."""
        with self._lock:
            lookup = self._lookups.pop(owner, None)
        if lookup is None:
            return
        # A renewal at the same moment would leave a claim that nobody drops.
        with lookup.lock:
            lookup.over = True
            try:
                self._store.release(list(lookup.keys), owner)
            except FetcherError as error:
                _log.error("claims could not be released", extra={"error": type(error).__name__})

    def _keep(self) -> None:
        while True:
            self._sleep(self._seconds / _RENEWALS)
            with self._lock:
                lookups = [(lookup, list(lookup.keys)) for lookup in self._lookups.values()]
                if not lookups:
                    self._keeper = None
                    return
            for lookup, keys in lookups:
                self._renew(lookup, keys)

    def _renew(self, lookup: _Lookup, keys: list[str]) -> None:
        with lookup.lock:
            try:
                if not lookup.over:
                    self._store.claim(keys, lookup.owner, self._seconds)
            except FetcherError as error:
                _log.warning("claims could not be renewed", extra={"error": type(error).__name__})
