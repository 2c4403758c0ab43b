"""The thin caller around the pure core: asks the store, waits, sends, settles. Every upstream request passes here."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar
from uuid import uuid4

from contracts.platforms import Platform
from fetcher.clock import Clock
from fetcher.errors import Refused
from fetcher.limiter.decision import decide, opened, spent
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Limits
from fetcher.limiter.settlement import settle
from fetcher.limiter.sqlite_store import LedgerRow, SQLiteStore
from fetcher.limiter.state import State
from fetcher.limiter.window_view import WindowView, view
from fetcher.metrics import Metrics

Response = TypeVar("Response")
_PRUNE_EVERY = 1000
_JITTER_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One upstream request as its source describes it; `deadline` is a moment of the handler's clock."""

    platform: Platform
    method: str
    credential: str
    accounts: tuple[str, ...]
    deadline: float


class Handler:
    """Grants, delays or refuses the requests of every thread of this process, together with all others on the store."""

    def __init__(self, limits: Limits, store: SQLiteStore, clock: Clock, metrics: Metrics, *, secret: bytes) -> None:
        self._limits = limits
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._secret = secret
        self._lock = Lock()
        self._taken_up: set[str] = set()
        self._sent = 0

    def send(self, call: Call, send: Callable[[], Response], read: Callable[[Response], Answer]) -> Response:
        """Send when the limits allow it and settle by what `read` makes of the response.

        Raises Refused where the wait would pass the deadline, StoreUnavailable (nothing was sent), or whatever `send`
        raises (the request then counts as possibly received).
        """
        request, key = self._granted(call)
        rules = self._limits.rules[call.platform]
        answer = Answer(kind=AnswerKind.LOST)
        began = self._clock.now()
        try:
            response = send()
            answer = read(response)
            return response
        finally:
            now = self._clock.now()
            self._metrics.upstream(call.platform, call.method, answer.kind, now - began)
            self._store.settle(
                key,
                self._new(call.platform),
                lambda state: (settle(rules, state, request, answer, now), None),
                token=request.token,
                outcome=answer.kind.value,
                now=now,
            )

    def views(self, platform: Platform, credential: str) -> tuple[list[WindowView], State]:
        """Every window of a credential now, and the state behind them."""
        rules, now = self._limits.rules[platform], self._clock.now()
        key = self._take_up(platform, credential)
        state = self._store.change(key, self._new(platform), lambda state: (None, state))
        return view(rules, state, now), state

    def free_at(self, platform: Platform, method: str, credential: str) -> float:
        """The earliest moment at which a request of `method` could be granted."""
        rules, now = self._limits.rules[platform], self._clock.now()
        key = self._take_up(platform, credential)
        state = self._store.change(key, self._new(platform), lambda state: (None, state))
        decision = decide(rules, state, Request(method, ""), now)
        return now if isinstance(decision, Grant) else decision.until

    def _granted(self, call: Call) -> tuple[Request, str]:
        rules = self._limits.rules[call.platform]
        request = Request(call.method, uuid4().hex)
        asked_at = self._clock.now()
        while True:
            key = self._take_up(call.platform, call.credential)
            now = self._clock.now()
            moment = now

            def decided(state: State, moment: float = moment) -> tuple[State | None, Wait | None]:
                decision = decide(rules, state, request, moment)
                return (decision.state, None) if isinstance(decision, Grant) else (None, decision)

            row = LedgerRow(
                token=request.token,
                granted_at=now,
                platform=call.platform.value,
                method=call.method,
                credential=call.credential,
                accounts=tuple(self._hashed(account) for account in call.accounts),
                cost=len(call.accounts),
                wait_s=now - asked_at,
            )
            wait = self._store.grant(key, self._new(call.platform), decided, row)
            if wait is None:
                self._metrics.granted(call.platform, call.method, now - asked_at)
                self._prune(now)
                return request, key
            if wait.until > call.deadline:
                self._metrics.refused(call.platform, call.method, wait.reason)
                raise Refused(wait.until, wait.reason)
            # The jitter keeps threads that wait for the same moment from meeting in the store.
            self._clock.sleep(max(wait.until - now, 0.0) + random.uniform(0, _JITTER_S))  # noqa: S311

    def _take_up(self, platform: Platform, credential: str) -> str:
        """The store's key; the state is taken up anew once per process and whenever the clock was set."""
        key = f"{platform.value}:{credential}"
        rules = self._limits.rules[platform]
        with self._lock:
            step = self._clock.step()
            if step:
                self._taken_up.clear()
            if key not in self._taken_up:
                now = self._clock.now()
                self._store.change(key, self._new(platform), lambda state: (opened(rules, state, now, step), None))
                self._taken_up.add(key)
        return key

    def _new(self, platform: Platform) -> State:
        lost_at = self._store.lost_at
        return State() if lost_at is None else spent(self._limits.rules[platform], lost_at)

    def _hashed(self, account: str) -> str:
        return hmac.new(self._secret, account.encode(), hashlib.sha256).hexdigest()[:16]

    def _prune(self, now: float) -> None:
        with self._lock:
            self._sent += 1
            due = self._sent % _PRUNE_EVERY == 1
        if due:
            self._store.prune(ledger_before=now - self._limits.ledger_days * 86400, cache_before=now)


def digest(credential: str) -> str:
    """Names a credential in state, ledger and `GET /limits` without giving it away."""
    return hashlib.sha256(b"rollcall credential " + credential.encode()).hexdigest()[:12]
