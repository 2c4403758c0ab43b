"""The thin caller around the pure core: asks the store, waits, sends, settles. Every upstream request passes here."""

from __future__ import annotations

import hashlib
import hmac
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar, cast
from uuid import uuid4

from contracts.platforms import Platform
from fetcher.clock import Clock
from fetcher.errors import Refused, StoreUnavailable
from fetcher.limiter import line
from fetcher.limiter.decision import decide, opened, spent
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request, Wait
from fetcher.limiter.rules import Limits, Rules
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import State, Ticket
from fetcher.limiter.store import Change, LedgerRow, Store
from fetcher.metrics import Metrics

Response = TypeVar("Response")
Result = TypeVar("Result")
_log = logging.getLogger(__name__)
_PRUNE_EVERY = 1000
_JITTER_S = 0.05
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One upstream request as its source describes it; `deadline` is a moment of the handler's clock.

    `size` is for how many accounts it may be where they are not yet known; `tickets` are those of the callers.
    """

    platform: Platform
    method: str
    credential: str
    accounts: tuple[str, ...]
    deadline: float
    person: bool = True
    tickets: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """A grant: send one request, then settle it."""

    call: Call
    request: Request
    key: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line."""

    ticket: str
    position: int


class Handler:
    """Grants, delays or refuses the requests of every thread of this process, together with all others on the store."""

    def __init__(self, limits: Limits, store: Store, clock: Clock, metrics: Metrics, *, secret: bytes) -> None:
        self._limits = limits
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._secret = secret
        self._lock = Lock()
        self._taken_up: set[str] = set()
        self._sent = 0
        for platform, rules in limits.rules.items():
            metrics.expect(platform, sorted({method for window in rules.windows for method in window.methods}))

    def send(
        self,
        call: Call,
        send: Callable[[], Response],
        read: Callable[[Response], Answer],
        passed: Pass | None = None,
    ) -> Response:
        """Send when the limits allow it (at once with `passed`) and settle by what `read` makes of the response.

        Raises Refused where the wait would pass the deadline, StoreUnavailable (nothing was sent), or whatever `send`
        raises (the request then counts as possibly received).
        """
        passed = cast("Pass", self.acquire(lambda: call)) if passed is None else passed
        answer = Answer(kind=AnswerKind.LOST)
        began = self._clock.now()
        try:
            response = send()
            answer = read(response)
            return response
        finally:
            seconds = self._clock.now() - began
            self._metrics.upstream(
                call.platform, call.method, answer.kind, seconds=seconds, accounts=len(call.accounts)
            )
            self.settle(passed, answer)

    def acquire(self, describe: Callable[[], Call | None]) -> Pass | None:
        """Wait for a grant of what `describe` says at each try; None when it says that nothing is needed any more.

        Raises Refused where the wait would pass the deadline, and StoreUnavailable.
        """
        asked_at = self._clock.now()
        while (call := describe()) is not None:
            decision, now = self.ask(call, self._clock.now() - asked_at)
            if isinstance(decision, Pass):
                self._metrics.granted(call.platform, call.method, self._clock.now() - asked_at, person=call.person)
                return decision
            pause = max(0.0, decision.until - now)
            if self._clock.now() + pause > call.deadline:
                self._metrics.refused(call.platform, call.method, decision.reason)
                raise Refused(decision.until, decision.reason, decision.affordable)
            # The jitter keeps threads that wait for the same moment from meeting in the store.
            self._sleep(pause + random.uniform(0, _JITTER_S), call, describe)  # noqa: S311
        return None

    def _sleep(self, seconds: float, call: Call, describe: Callable[[], Call | None]) -> None:
        """Wait, unless what is needed changes: nothing any more, or something for a person."""
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0:
            self._clock.sleep(min(left, _LOOK_S))
            needed = describe()
            if needed is None or needed.person != call.person:
                return

    def ask(self, call: Call, waited_s: float = 0.0) -> tuple[Pass | Wait, float]:
        """A grant or a wait, at once, and the store's time at which it was decided."""
        rules = self._limits.rules[call.platform]
        size = len(call.accounts) if call.size is None else call.size
        request = Request(call.method, uuid4().hex, call.person, size, call.tickets)
        key = self._take_up(call.platform, call.credential)

        def decided(state: State, now: float) -> tuple[State | None, tuple[Wait | None, float]]:
            decision = decide(rules, state, request, now)
            return (decision.state, (None, now)) if isinstance(decision, Grant) else (None, (decision, now))

        def row(_now: float) -> LedgerRow:
            return LedgerRow(
                token=request.token,
                platform=call.platform.value,
                method=call.method,
                credential=call.credential,
                accounts=tuple(self._hashed(account) for account in call.accounts),
                cost=rules.cost(call.method, size),
                wait_s=waited_s,
            )

        change = self._on_our_clock(rules, decided)
        wait, now = self._store.grant(key, self._fresh(rules), change, row)
        if wait is not None:
            return wait, now
        self._prune()
        return Pass(call, request, key), now

    def settle(self, passed: Pass, answer: Answer) -> None:
        """Book how a granted request ended. A store that fails now leaves it counted as on its way."""
        rules = self._limits.rules[passed.call.platform]

        def counted(state: State, now: float) -> tuple[State | None, None]:
            return settle(rules, state, passed.request, answer, now), None

        try:
            change = self._on_our_clock(rules, counted)
            token, outcome = passed.request.token, answer.kind.value
            self._store.settle(passed.key, self._fresh(rules), change, token=token, outcome=outcome)
        except StoreUnavailable:
            _log.exception("a request could not be settled", extra={"platform": passed.call.platform.value})
        if answer.kind is AnswerKind.BLOCKED:
            self._metrics.alarm(passed.call.platform, passed.call.method)
            _log.error("the platform demands a checkpoint", extra={"platform": passed.call.platform.value})

    def give_ticket(self, call: Call, *, ticket: str | None, client: str, places: int, until: float) -> Place | None:
        """A place in the line for `places` requests from `until` on; None where the line is full.

        `ticket` is the one that the caller brought: it keeps its age.
        """
        rules = self._limits.rules[call.platform]
        key = self._take_up(call.platform, call.credential)
        name = ticket or uuid4().hex

        def joining(state: State, now: float) -> tuple[State | None, Place | None]:
            expires = max(now, until) + rules.ticket_grace_s
            place = Ticket(name, call.person, client, call.method, now, until, expires, places)
            after, is_in = line.joined(state, place, now)
            position = line.position(rules, after, name, now)
            return (after, Place(name, position)) if is_in and position is not None else (None, None)

        return self._store.change(key, self._fresh(rules), self._on_our_clock(rules, joining))

    def state(self, platform: Platform, credential: str) -> tuple[Rules, State, float]:
        """The rules, the state and the store's time of a credential now."""
        rules = self._limits.rules[platform]
        key = self._take_up(platform, credential)
        change = self._on_our_clock(rules, lambda state, now: (None, (state, now)))
        state, now = self._store.change(key, self._fresh(rules), change)
        return rules, state, now

    def free_at(self, platform: Platform, method: str, credential: str) -> float:
        """The earliest moment at which a request of `method` could be granted."""
        rules, state, now = self.state(platform, credential)
        decision = decide(rules, state, Request(method, ""), now)
        return now if isinstance(decision, Grant) else decision.until

    def _take_up(self, platform: Platform, credential: str) -> str:
        """The store's key. Where the clock is ours, the state is taken up anew at each start and when it was set."""
        key = f"{platform.value}:{credential}"
        if self._store.one_clock:
            return key
        rules = self._limits.rules[platform]
        with self._lock:
            step = self._clock.step()
            if step:
                self._taken_up.clear()
            if key not in self._taken_up:
                self._store.change(key, self._fresh(rules), lambda state, now: (opened(rules, state, now, step), None))
                self._taken_up.add(key)
        return key

    def _on_our_clock(self, rules: Rules, change: Change[Result]) -> Change[Result]:
        """`change` on a state whose times are of the store's present clock."""

        def changed(state: State, now: float) -> tuple[State | None, Result]:
            clock = self._store.clock_id()
            if state.clock != clock:
                state = replace(opened(rules, state, now), clock=clock)
            return change(state, now)

        return changed

    def _fresh(self, rules: Rules) -> Callable[[float | None], State]:
        def fresh(lost_at: float | None) -> State:
            state = State() if lost_at is None else spent(rules, lost_at)
            return replace(state, clock=self._store.clock_id())

        return fresh

    def _hashed(self, account: str) -> str:
        return hmac.new(self._secret, account.encode(), hashlib.sha256).hexdigest()[:16]

    def _prune(self) -> None:
        with self._lock:
            self._sent += 1
            due = self._sent % _PRUNE_EVERY == 1
        if due:
            self._store.prune(ledger_s=self._limits.ledger_days * 86400)


def digest(credential: str) -> str:
    """Names a credential in state, ledger and `GET /limits` without giving it away."""
    return hashlib.sha256(b"rollcall credential " + credential.encode()).hexdigest()[:12]


def best_tickets(tickets: Sequence[str | None]) -> tuple[str, ...]:
    """The tickets among `tickets`, each once."""
    return tuple(dict.fromkeys(ticket for ticket in tickets if ticket))
