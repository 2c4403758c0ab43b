"""The use case: accounts in, one outcome for each out, with as few requests as the platforms allow."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from uuid import uuid4

from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.claims import Claims
from fetcher.clock import Clock
from fetcher.departures import STORE_DOWN, Departures, Source
from fetcher.errors import FetcherError, StoreUnavailable
from fetcher.flights import Flights
from fetcher.lane import Passenger
from fetcher.limiter.handler import Call, Handler
from fetcher.limiter.store import Store
from fetcher.metrics import Metrics
from fetcher.sources.results import Found

_log = logging.getLogger(__name__)
_LOOK_S = 0.05
_Key = tuple[ProfileRef, bool]


class Lookup:
    """Answers from the cache, from lookups under way (here or in another replica), and from the sources."""

    def __init__(
        self,
        sources: Mapping[Platform, Source],
        cache: Cache,
        store: Store,
        handler: Handler,
        clock: Clock,
        *,
        metrics: Metrics,
        emulated: bool,
        prices: Mapping[str, float] | None = None,
    ) -> None:
        self._sources = sources
        self._cache = cache
        self._claims = Claims(store)
        self._handler = handler
        self._clock = clock
        self._metrics = metrics
        self._emulated = emulated
        self._prices = prices or {}
        self._flights: Flights[_Key, AccountResult] = Flights()
        self._departures = {
            (platform, by_handle): Departures(source, handler, clock, by_handle=by_handle)
            for platform, source in sources.items()
            for by_handle in (True, False)
        }

    def profiles(self, request: FetchRequest) -> list[AccountResult]:
        """One result per account of the request, in its order."""
        deadline = self._clock.now() + request.deadline_s
        activity = ACTIVITY in request.include
        wanted = list(dict.fromkeys(request.accounts))
        results = self._from_cache(wanted, activity)
        missing = [ref for ref in wanted if ref not in results]
        if request.cached_only:
            unknown = {ref: self._result(ref, _NOT_CACHED) for ref in missing}
            return [(results | unknown)[ref] for ref in request.accounts]
        mine, others = self._flights.claim((ref, activity) for ref in missing)
        results |= self._look_up([ref for ref, _ in mine], request, deadline, activity)
        if request.priority is Priority.PERSON:
            self._hurry([ref for ref, _ in others], deadline, activity)
        for (ref, _), flight in others.items():
            # Whoever asked first has paid.
            results[ref] = replace(self._await(ref, flight, deadline), cost_usd=0.0)
        results |= self._with_tickets(request, results)
        for ref, result in results.items():
            self._metrics.account(ref.platform, result.outcome, cached=result.cached)
        return [results[ref] for ref in request.accounts]

    def waiting(self, platform: Platform) -> dict[Priority, int]:
        """How many accounts wait for a request to `platform` in this process."""
        pairs = [each.waiting() for (of, _), each in self._departures.items() if of is platform]
        return {Priority.PERSON: sum(pair[0] for pair in pairs), Priority.BATCH: sum(pair[1] for pair in pairs)}

    def _hurry(self, refs: Sequence[ProfileRef], deadline: float, activity: bool) -> None:
        for (platform, by_handle), departures in self._departures.items():
            group = [ref for ref in refs if ref.platform is platform and (ref.handle is not None) is by_handle]
            if group:
                departures.hurry(group, deadline, activity=activity)

    def _from_cache(self, refs: Sequence[ProfileRef], activity: bool) -> dict[ProfileRef, AccountResult]:
        try:
            found = self._cache.find(refs, activity=activity)
        except FetcherError:
            return {}
        for platform in {ref.platform for ref in refs}:
            asked = sum(ref.platform is platform for ref in refs)
            hits = sum(ref.platform is platform for ref in found)
            self._metrics.cache(platform, "hit", hits)
            self._metrics.cache(platform, "miss", asked - hits)
        return found

    def _look_up(
        self, refs: Sequence[ProfileRef], request: FetchRequest, deadline: float, activity: bool
    ) -> dict[ProfileRef, AccountResult]:
        results: dict[ProfileRef, AccountResult] = {}
        owner = uuid4().hex
        try:
            left = list(refs)
            while left:
                claimed = self._claim(left, activity, owner)
                results |= self._carried([ref for ref in left if ref in claimed], request, deadline, activity)
                left = [ref for ref in left if ref not in results]
                if left:
                    results |= self._elsewhere(left, deadline, activity)
                    left = [ref for ref in left if ref not in results]
        except StoreUnavailable as error:
            _log.error("the store cannot be used", extra={"error": str(error)})
            down = Found(outcome=Outcome.UPSTREAM_ERROR, detail=STORE_DOWN)
            results |= {ref: self._result(ref, down) for ref in refs if ref not in results}
        finally:
            self._claims.drop(owner)
            for ref in refs:
                fallen = self._result(ref, Found(outcome=Outcome.UPSTREAM_ERROR, detail="The lookup was broken off."))
                self._flights.land((ref, activity), results.get(ref, fallen))
        return results

    def _carried(
        self, refs: Sequence[ProfileRef], request: FetchRequest, deadline: float, activity: bool
    ) -> dict[ProfileRef, AccountResult]:
        """The sources' answers for accounts that nobody else is looking up."""
        results: dict[ProfileRef, AccountResult] = {}
        # Between our look into the cache and our claim, another replica may have answered.
        if refs:
            results |= self._cache.find(refs, activity=activity)
        for platform, by_handle in [(platform, kind) for platform in Platform for kind in (True, False)]:
            group = [
                ref
                for ref in refs
                if ref.platform is platform and (ref.handle is not None) is by_handle and ref not in results
            ]
            departures = self._departures.get((platform, by_handle))
            if departures is None:
                results |= {ref: self._result(ref, _NO_CREDENTIAL) for ref in group}
                continue
            passengers = [
                Passenger(
                    ref=ref,
                    since=self._clock.now(),
                    deadline=deadline,
                    person=request.priority is Priority.PERSON,
                    client=request.client or "",
                    ticket=request.ticket,
                )
                for ref in group
            ]
            if passengers:
                departures.carry(passengers, activity=activity)
            found = {each.ref: self._result(each.ref, each.result.result(0)) for each in passengers}
            results |= self._kept(found, activity)
        return results

    def _kept(self, results: dict[ProfileRef, AccountResult], activity: bool) -> dict[ProfileRef, AccountResult]:
        try:
            return self._cache.keep(results, activity=activity)
        except FetcherError as error:
            _log.error("answers could not be kept", extra={"error": type(error).__name__})
            return results

    def _held(self, refs: Sequence[ProfileRef], activity: bool) -> dict[ProfileRef, AccountResult]:
        try:
            return self._cache.find(refs, activity=activity)
        except FetcherError:
            return {}

    def _elsewhere(
        self, refs: Sequence[ProfileRef], deadline: float, activity: bool
    ) -> dict[ProfileRef, AccountResult]:
        """What another replica found in the meantime; at the deadline, that it is still looking."""
        if self._clock.now() >= deadline:
            late = Found(outcome=Outcome.RATE_LIMITED, detail=_UNDER_WAY, retry_at=deadline + 1)
            return {ref: self._result(ref, late) for ref in refs}
        self._clock.sleep(_LOOK_S)
        return self._held(refs, activity)

    def _claim(self, refs: Sequence[ProfileRef], activity: bool, owner: str) -> set[ProfileRef]:
        """Which of `refs` are ours to look up. Raises StoreUnavailable: without a store nothing is sent anyway."""
        keys = {_claim_key(ref, activity): ref for ref in refs}
        return {keys[key] for key in self._claims.take(keys, owner)}

    def _await(self, ref: ProfileRef, flight: Future[AccountResult], deadline: float) -> AccountResult:
        try:
            return flight.result(timeout=max(0.0, deadline - self._clock.now()))
        except FutureTimeout:
            late = Found(outcome=Outcome.RATE_LIMITED, detail=_UNDER_WAY, retry_at=deadline + 1)
            return self._result(ref, late)

    def _with_tickets(
        self, request: FetchRequest, results: Mapping[ProfileRef, AccountResult]
    ) -> dict[ProfileRef, AccountResult]:
        """The results that tell a time to come back, with one ticket for them all."""
        changed: dict[ProfileRef, AccountResult] = {}
        name = request.ticket
        for (platform, by_handle), departures in self._departures.items():
            late = {
                ref: result
                for ref, result in results.items()
                if ref.platform is platform
                and (ref.handle is not None) is by_handle
                and result.outcome is Outcome.RATE_LIMITED
                and result.retry_at is not None
            }
            if not late:
                continue
            source = self._sources[platform]
            call = Call(
                platform=platform,
                method=departures.method,
                credential=source.credential,
                accounts=(),
                deadline=0.0,
                person=request.priority is Priority.PERSON,
            )
            until = min(result.retry_at.timestamp() for result in late.values() if result.retry_at is not None)
            try:
                place = self._handler.give_ticket(
                    call, ticket=name, client=request.client or "", places=ceil(len(late) / source.most), until=until
                )
            except FetcherError:
                continue
            if place is not None:
                name = place.ticket
                changed |= {
                    ref: replace(result, ticket=place.ticket, position=place.position) for ref, result in late.items()
                }
        return changed

    def _result(self, ref: ProfileRef, found: Found) -> AccountResult:
        return AccountResult(
            ref=ref,
            outcome=found.outcome,
            detail=found.detail,
            profile=found.profile,
            method=found.method,
            emulated=self._emulated,
            retry_at=None if found.retry_at is None else datetime.fromtimestamp(found.retry_at, UTC),
            # Charged is what an answer holds, so an account that is not there costs nothing.
            cost_usd=0.0 if found.profile is None else self._prices.get(found.method or "", 0.0),
        )


def _claim_key(ref: ProfileRef, activity: bool) -> str:
    return f"{ref.key}+activity" if activity else ref.key


_NOT_CACHED = Found(outcome=Outcome.BUDGET_SPENT, detail="The account is not in the cache.")
_UNDER_WAY = "The lookup is still under way."
_NO_CREDENTIAL = Found(
    outcome=Outcome.LOGIN_REQUIRED, detail="This installation has no X bearer token (X_BEARER_TOKEN)."
)
