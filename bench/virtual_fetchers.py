"""Fetchers in virtual time: the real lane, handler, core and stores; only threads and sockets are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random

from prometheus_client import CollectorRegistry

from bench.virtual_platforms import Platforms, Timeline
from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.departures import HOLD_S
from fetcher.lane import Lane, Passenger
from fetcher.limiter.handler import Call, Handler, Pass
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.rules import Limits
from fetcher.limiter.store import Store
from fetcher.metrics import Metrics

_LATENCY_S = (0.1, 0.4)
_NOBODY: Future[object] = Future()
_MOST = {Platform.X: 100, Platform.INSTAGRAM: 1}
_PATIENCE_S = 3600.0
_THREADS = 2
"""Batch requests of each fetcher and method that are under way at once."""


@dataclass
class Clock:
    """A fetcher's own clock: true time and an error."""

    line: Timeline
    error: float = 0.0

    def now(self) -> float:
        """Its time."""
        return self.line.now + self.error

    def sleep(self, seconds: float) -> None:  # noqa: ARG002
        """Never called: the simulation waits by events."""
        raise AssertionError

    def step(self) -> float:
        """It is only set while its fetcher is down."""
        return 0.0


@dataclass
class Watch:
    """What is measured."""

    people_waits: list[float] = field(default_factory=list)
    """Seconds from the question to the answer, on both platforms."""
    fills: list[int] = field(default_factory=list)
    """Accounts of each request to X."""
    lost_in_a_kill: set[str] = field(default_factory=set)
    """Accounts whose answer came to a process that had been killed."""


class Fetcher:
    """One replica: a lane and its leaders for each method that the load uses."""

    def __init__(
        self,
        *,
        open_store: Callable[[Clock], Store],
        limits: Limits,
        line: Timeline,
        platforms: Platforms,
        random: Random,
        watch: Watch,
        batch: dict[str, Iterator[ProfileRef]],
        cached: bool,
    ) -> None:
        self._open_store = open_store
        self._limits = limits
        self._line = line
        self._platforms = platforms
        self._random = random
        self._watch = watch
        self._batch = batch
        self._is_cached = cached
        self.life = 0
        self.start(0.0)

    def start(self, clock_error: float) -> None:
        """Start, or start again after a kill: nothing but the store is remembered."""
        self.life += 1
        self._clock = Clock(self._line, clock_error)
        store = self._store = self._open_store(self._clock)
        self._handler = Handler(self._limits, store, self._clock, Metrics(CollectorRegistry()), secret=b"bench")
        self._cache = Cache(store, instagram_s=21600, negative_s=600, clock_tolerance_s=30)
        self._lanes = {method: Lane() for method in self._batch}
        for method in list(self._batch) * _THREADS:
            self._later(0.0, lambda method=method: self._lead(method, person=False))

    def person(self, method: str, ref: ProfileRef) -> None:
        """Somebody asks for one account now."""
        arrived, life = self._line.now, self.life
        if self._is_cached and self._cache.find([ref], activity=False):
            self._watch.people_waits.append(0.0)
            return
        self._lanes[method].add([_passenger(ref, arrived, person=True)])
        hold = HOLD_S if _MOST[ref.platform] > 1 else 0.0
        self._later(hold, lambda: self._lead(method, person=True) if life == self.life else None)

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        life = self.life
        self._line.at(self._line.now + seconds, lambda: event() if life == self.life else None)

    def _refill(self, method: str) -> None:
        """A batch never runs dry."""
        lane, source = self._lanes[method], self._batch[method]
        while len(lane) < 150:
            lane.add([_passenger(next(source), self._line.now, person=False) for _ in range(100)])

    def _lead(self, method: str, *, person: bool) -> None:
        """One try for a grant; comes back when the handler says so."""
        lane = self._lanes[method]
        if not person:
            self._refill(method)
        platform = Platform.INSTAGRAM if method == "web_profile_info" else Platform.X
        first = lane.next(_MOST[platform])
        if person and not any(passenger.person for passenger in first):
            return
        call = Call(
            platform=platform, method=method, credential="c", accounts=(), deadline=0.0,
            person=any(passenger.person for passenger in first), size=len(first),
        )  # fmt: skip
        decision, now = self._handler.ask(call)
        if not isinstance(decision, Pass) and decision.affordable > 0:
            decision, now = self._handler.ask(replace(call, size=decision.affordable))
        if isinstance(decision, Pass):
            self._depart(method, decision, lane.board(decision.request.accounts), person=person)
            return
        pause = min(max(decision.until - now, 0.0), _PATIENCE_S) + self._random.uniform(0, 0.05)
        self._later(pause, lambda: self._lead(method, person=person))

    def _depart(self, method: str, passed: Pass, aboard: list[Passenger], *, person: bool) -> None:
        if self._is_cached:
            aboard = self._unknown(aboard, passed.request.token)
            if not aboard:
                self._handler.settle(passed, Answer(kind=AnswerKind.UNSENT))
                self._later(1.0, lambda: None if person else self._lead(method, person=False))
                return
        if passed.call.platform is Platform.X:
            self._watch.fills.append(len(aboard))
        there, back = (self._random.uniform(*_LATENCY_S) / 2 for _ in range(2))
        life, handler = self.life, self._handler
        names = [passenger.ref.key for passenger in aboard]

        def arrive() -> None:
            answer = self._platforms.receive(passed.call.platform, method, "c", names)
            self._line.at(self._line.now + back, lambda: end(answer))

        def end(answer: Answer) -> None:
            if life != self.life:
                self._watch.lost_in_a_kill.update(names)
                return
            handler.settle(passed, answer)
            for passenger in aboard:
                if passenger.person:
                    self._watch.people_waits.append(self._line.now - passenger.since)
            if self._is_cached:
                if answer.billed:
                    self._cache.keep({each.ref: _answered(each.ref) for each in aboard}, activity=False)
                self._store.release(names, passed.request.token)
            if not person:
                self._lead(method, person=False)

        self._line.at(self._line.now + there, arrive)

    def _unknown(self, aboard: list[Passenger], owner: str) -> list[Passenger]:
        """Those that nobody has asked for today, or is asking for now in any fetcher."""
        refs = list(dict.fromkeys(passenger.ref for passenger in aboard))
        claimed = self._store.claim([ref.key for ref in refs], owner, 90.0)
        known = self._cache.find(refs, activity=False)
        left = [ref for ref in refs if ref.key in claimed and ref not in known]
        return [next(passenger for passenger in aboard if passenger.ref == ref) for ref in left]


def _passenger(ref: ProfileRef, since: float, *, person: bool) -> Passenger:
    return Passenger(ref=ref, since=since, deadline=0.0, person=person, client="b", result=_NOBODY)  # type: ignore[arg-type]


def _answered(ref: ProfileRef) -> AccountResult:
    profile = Profile(platform=ref.platform, fetched_at=datetime(2026, 1, 1, tzinfo=UTC), username=ref.handle)
    return AccountResult(ref=ref, outcome=Outcome.OK, profile=profile)
