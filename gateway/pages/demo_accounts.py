"""The sample accounts of the demo, as the emulated platforms list them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3

from contracts.platforms import Platform
from contracts.profile_ref import InvalidReference, ProfileRef

_KEEP_S = 300.0
_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An invented account; `intended` is the class or outcome it was made for."""

    ref: ProfileRef
    intended: str
    note: str = ""

    @property
    def special(self) -> str | None:
        """What sets the account apart from an ordinary one of its class, such as "a private account"."""
        return None if self.intended in self.note.split() or not self.note else self.note


class DemoAccounts(Protocol):
    """What the first page needs."""

    def accounts(self) -> Sequence[DemoAccount]:
        """The samples; empty where there are none. Never raises."""


class NoDemoAccounts:
    """In live mode there are no samples."""

    def accounts(self) -> Sequence[DemoAccount]:
        """Nothing."""
        return ()


class EmulatorDemoAccounts:
    """Asks the emulator at `url` and keeps the answer for some minutes; without an answer the page goes without."""

    def __init__(self, url: str, *, now: Callable[[], float] = time.monotonic, timeout_s: float = 1.0) -> None:
        self._url = url
        self._now = now
        self._timeout_s = timeout_s
        self._pool = urllib3.PoolManager(maxsize=1, retries=False)
        self._lock = threading.Lock()
        self._known: tuple[DemoAccount, ...] = ()
        self._ask_again_at = float("-inf")

    def accounts(self) -> Sequence[DemoAccount]:
        """The samples; the last known ones while another thread asks or the emulator is away."""
        if self._now() >= self._ask_again_at and self._lock.acquire(blocking=not self._known, timeout=-1):
            try:
                if self._now() >= self._ask_again_at:
                    self._refresh()
            finally:
                self._lock.release()
        return self._known

    def _refresh(self) -> None:
        try:
            response = self._pool.request("GET", f"{self._url}/demo/accounts", timeout=self._timeout_s)
            self._known = read_accounts(json.loads(response.data)) if response.status == 200 else self._known
            self._ask_again_at = self._now() + (_KEEP_S if self._known else _RETRY_S)
        except (urllib3.exceptions.HTTPError, ValueError):
            self._ask_again_at = self._now() + _RETRY_S


def read_accounts(document: Any) -> tuple[DemoAccount, ...]:
    """The accounts of `GET /demo/accounts`, a list or `{"accounts": [...]}`; what cannot be read is left out."""
    rows = document.get("accounts") if isinstance(document, dict) else document
    accounts = []
    for row in rows if isinstance(rows, list) else []:
        try:
            ref = ProfileRef(Platform(row["platform"]), handle=row["handle"])
            accounts.append(DemoAccount(ref, str(row.get("class") or ""), str(row.get("note") or "")))
        except (InvalidReference, KeyError, TypeError, ValueError, AttributeError):
            continue
    return tuple(accounts)
