"""Coalescing: accounts that several requests ask for at about the same moment leave in one upstream request.

A caller's own thread does the work: it waits a moment for others, asks the handler for a grant, and only then fills
the request with whoever comes first, so that those who waited for the same window go together.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from math import ceil
from threading import Lock
from typing import Any, Protocol

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.clock import Clock
from fetcher.errand import Errand
from fetcher.errors import FetcherError, Refused, StoreUnavailable
from fetcher.lane import Lane, Passenger
from fetcher.limiter.handler import Call, Handler, Pass, best_tickets
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.sources.results import Found, waiting

_log = logging.getLogger(__name__)
HOLD_S = 0.015
"""So long a lone request waits for others."""
_LOOK_S = 0.05
STORE_DOWN = "The record of past requests cannot be read, so nothing is sent to a platform until it can."
_BROKEN_OFF = Found(outcome=Outcome.UPSTREAM_ERROR, detail="The lookup was broken off.")


class Source(Protocol):
    """One platform's lookups; `most` accounts to a request, all of them handles or all of them ids."""

    platform: Platform
    most: int
    credential: str

    def method(self, *, by_handle: bool) -> str:
        """The method that is tried first."""
        ...

    def health(self) -> list[dict[str, Any]]:
        """How each of its methods does, as JSON."""
        ...

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> Mapping[ProfileRef, Found]:
        """An outcome for each of `refs` before the errand's deadline."""
        ...


class Departures:
    """One source's lookups of handles, or of ids."""

    def __init__(
        self, source: Source, handler: Handler, clock: Clock, *, by_handle: bool, hold_s: float = HOLD_S
    ) -> None:
        self._source = source
        self._handler = handler
        self._clock = clock
        self._method = source.method(by_handle=by_handle)
        self._hold_s = hold_s
        self._lane = Lane()
        self._lock = Lock()
        self._leaders = 0
        self._people_lead = 0
        self._singly: dict[Passenger, None] = {}

    @property
    def method(self) -> str:
        """The method that is tried first."""
        return self._method

    def waiting(self) -> tuple[int, int]:
        """How many accounts wait for a person's request, and how many for a batch's."""
        people, batches = self._lane.waiting()
        with self._lock:
            single = [passenger.person for passenger in self._singly if not passenger.result.done()]
        return people + sum(single), batches + len(single) - sum(single)

    def carry(self, passengers: list[Passenger], *, activity: bool) -> None:
        """Every passenger has a result when this returns."""
        if self._source.most == 1:
            with self._lock:
                self._singly.update(dict.fromkeys(passengers))
            try:
                self._carry_singly(passengers, activity)
            finally:
                with self._lock:
                    for passenger in passengers:
                        del self._singly[passenger]
            return
        self._lane.add(passengers)
        try:
            if len(self._lane) < self._source.most:
                self._clock.sleep(self._hold_s)
            while any(not passenger.result.done() for passenger in passengers):
                self._go_on(passengers, activity)
        finally:
            self._land(self._lane.leave(passengers), _BROKEN_OFF)

    def hurry(self, refs: Sequence[ProfileRef], deadline: float, *, activity: bool) -> None:
        """A person waits for what a batch asked for: these accounts now go with the people, by this thread if need be.

        They stay the batch's: a refusal does not end their waiting.
        """
        waits = self._lane.promote(refs)
        if waits and self._is_leader(person=True):
            try:
                self._depart(waits, activity, deadline=deadline)
            finally:
                with self._lock:
                    self._leaders -= 1
                    self._people_lead -= 1

    def _go_on(self, passengers: list[Passenger], activity: bool) -> None:
        waits = [passenger for passenger in passengers if self._lane.waits(passenger)]
        if not waits:
            # They are aboard of somebody's request, which ends by its own time-out.
            open_ones = [passenger.result for passenger in passengers if not passenger.result.done()]
            wait(open_ones, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        elif self._is_leader(person=waits[0].person):
            try:
                self._depart(waits, activity)
            finally:
                with self._lock:
                    self._leaders -= 1
                    self._people_lead -= waits[0].person
        elif self._clock.now() >= waits[0].deadline:
            until = self._handler.free_at(self._source.platform, self._method, self._source.credential)
            self._land(self._lane.leave(waits), waiting(self._source.platform, "window", until))
        else:
            wait([waits[0].result], timeout=_LOOK_S)

    def _is_leader(self, *, person: bool) -> bool:
        """As many threads ask for grants as there are requests to fill; a person never waits for a batch's thread."""
        with self._lock:
            enough = self._leaders >= ceil(len(self._lane) / self._source.most)
            if enough and not (person and not self._people_lead):
                return False
            self._leaders += 1
            self._people_lead += person
            return True

    def _depart(self, own: list[Passenger], activity: bool, *, deadline: float | None = None) -> None:
        """One request, if it is granted before the deadline of `own`; with another `deadline` they go on waiting."""
        try:
            passed = self._granted(own, own[0].deadline if deadline is None else deadline)
        except (Refused, StoreUnavailable) as refusal:
            if deadline is None:
                self._land(self._lane.leave(own), self._refused(refusal))
            return
        if passed is None:
            return
        aboard = self._lane.board(passed.request.accounts)
        if not aboard:
            self._handler.settle(passed, Answer(kind=AnswerKind.UNSENT))
            return
        found = _BROKEN_OFF
        results: Mapping[ProfileRef, Found] = {}
        try:
            latest = max(passenger.deadline for passenger in aboard)
            errand = Errand(deadline=latest, activity=activity, person=passed.request.person, passed=passed)
            results = self._source.fetch([passenger.ref for passenger in aboard], errand)
        except FetcherError:
            found = Found(outcome=Outcome.UPSTREAM_ERROR, detail=STORE_DOWN)
        except Exception:  # noqa: BLE001 - What a library meets in an answer must not fail those who asked beside it.
            _log.exception("a lookup failed", extra={"platform": self._source.platform.value})
        finally:
            for passenger in aboard:
                passenger.result.set_result(results.get(passenger.ref, found))

    def _refused(self, refusal: Refused | StoreUnavailable) -> Found:
        if isinstance(refusal, Refused):
            return waiting(self._source.platform, refusal.reason, refusal.until)
        return Found(outcome=Outcome.UPSTREAM_ERROR, detail=STORE_DOWN)

    def _granted(self, own: list[Passenger], deadline: float) -> Pass | None:
        """A grant for those who are first in the lane; None where others have taken `own` along. Raises Refused."""
        most = self._source.most

        def call() -> Call | None:
            if not any(self._lane.waits(passenger) for passenger in own):
                return None
            first = self._lane.next(most)
            return Call(
                platform=self._source.platform,
                method=self._method,
                credential=self._source.credential,
                accounts=tuple(passenger.ref.key for passenger in first),
                deadline=deadline,
                person=any(passenger.person for passenger in first),
                tickets=best_tickets([passenger.ticket for passenger in first]),
            )

        while True:
            try:
                return self._handler.acquire(call)
            except Refused as refusal:
                if not 0 < refusal.affordable < most:
                    raise
                most = refusal.affordable

    def _carry_singly(self, passengers: list[Passenger], activity: bool) -> None:
        refusal: Found | None = None
        for passenger in passengers:
            if refusal is None:
                errand = Errand(
                    deadline=passenger.deadline,
                    activity=activity,
                    person=passenger.person,
                    tickets=best_tickets([passenger.ticket]),
                )
                found = self._fetch_one(passenger.ref, errand)
                # What is refused to one for a time is refused to all that follow it.
                refusal = found if found.retry_at is not None else None
            else:
                found = refusal
            passenger.result.set_result(found)

    def _fetch_one(self, ref: ProfileRef, errand: Errand) -> Found:
        try:
            return self._source.fetch([ref], errand)[ref]
        except FetcherError:
            return Found(outcome=Outcome.UPSTREAM_ERROR, detail=STORE_DOWN)
        except Exception:  # noqa: BLE001 - as above.
            _log.exception("a lookup failed", extra={"platform": self._source.platform.value})
            return _BROKEN_OFF

    @staticmethod
    def _land(passengers: list[Passenger], found: Found) -> None:
        for passenger in passengers:
            if not passenger.result.done():
                passenger.result.set_result(found)
