"""The use case: accounts in, one outcome for each out, with as few requests as the platforms allow."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime
from typing import Protocol

from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.clock import Clock
from fetcher.errors import FetcherError
from fetcher.flights import Flights
from fetcher.metrics import Metrics
from fetcher.sources.results import Found

_log = logging.getLogger(__name__)
_STORE_DOWN = "The record of past requests cannot be read, so nothing is sent to a platform until it can."


class Source(Protocol):
    """One platform's lookups; `most` accounts to a request, all of them handles or all of them ids."""

    platform: Platform
    most: int
    credential: str

    def fetch(self, refs: Sequence[ProfileRef], deadline: float, *, activity: bool) -> Mapping[ProfileRef, Found]:
        """An outcome for each of `refs` before `deadline` (a moment of the clock)."""
        ...


class Lookup:
    """Answers fetch requests from the cache, from lookups under way, and from the sources."""

    def __init__(
        self,
        sources: Mapping[Platform, Source],
        cache: Cache,
        clock: Clock,
        metrics: Metrics,
        *,
        flights: Flights[tuple[ProfileRef, bool], AccountResult],
        emulated: bool,
    ) -> None:
        self._sources = sources
        self._cache = cache
        self._clock = clock
        self._metrics = metrics
        self._emulated = emulated
        self._flights = flights

    def profiles(self, request: FetchRequest) -> list[AccountResult]:
        """One result per account of the request, in its order."""
        deadline = self._clock.now() + request.deadline_s
        activity = ACTIVITY in request.include
        wanted = list(dict.fromkeys(request.accounts))
        results = self._from_cache(wanted, activity)
        missing = [ref for ref in wanted if ref not in results]
        mine, others = self._flights.claim((ref, activity) for ref in missing)
        results |= self._look_up([ref for ref, _ in mine], deadline, activity)
        for (ref, _), flight in others.items():
            results[ref] = self._await(ref, flight, deadline)
        for ref, result in results.items():
            self._metrics.account(ref.platform, result.outcome, cached=result.cached)
        return [results[ref] for ref in request.accounts]

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

    def _look_up(self, refs: Sequence[ProfileRef], deadline: float, activity: bool) -> dict[ProfileRef, AccountResult]:
        results: dict[ProfileRef, AccountResult] = {}
        try:
            for platform, by_handle in [(platform, kind) for platform in Platform for kind in (True, False)]:
                group = [ref for ref in refs if ref.platform is platform and (ref.handle is not None) is by_handle]
                source = self._sources.get(platform)
                if source is None:
                    results |= {ref: self._result(ref, _NO_CREDENTIAL) for ref in group}
                    continue
                for start in range(0, len(group), source.most):
                    chunk = group[start : start + source.most]
                    results |= self._fetch(source, chunk, deadline, activity)
        finally:
            for ref in refs:
                fallen = self._result(ref, Found(outcome=Outcome.UPSTREAM_ERROR, detail="The lookup was broken off."))
                self._flights.land((ref, activity), results.get(ref, fallen))
        return results

    def _fetch(
        self, source: Source, refs: Sequence[ProfileRef], deadline: float, activity: bool
    ) -> dict[ProfileRef, AccountResult]:
        try:
            found = source.fetch(refs, deadline, activity=activity)
            results = {ref: self._result(ref, found[ref]) for ref in refs}
            self._cache.keep(results, activity=activity)
        except FetcherError as error:
            _log.error("lookup failed", extra={"platform": source.platform.value, "error": type(error).__name__})
            return {ref: self._result(ref, Found(outcome=Outcome.UPSTREAM_ERROR, detail=_STORE_DOWN)) for ref in refs}
        return results

    def _await(self, ref: ProfileRef, flight: Future[AccountResult], deadline: float) -> AccountResult:
        try:
            return flight.result(timeout=max(0.0, deadline - self._clock.now()))
        except FutureTimeout:
            late = Found(outcome=Outcome.RATE_LIMITED, detail="The lookup is still under way.", retry_at=deadline)
            return self._result(ref, late)

    def _result(self, ref: ProfileRef, found: Found) -> AccountResult:
        return AccountResult(
            ref=ref,
            outcome=found.outcome,
            detail=found.detail,
            profile=found.profile,
            method=found.method,
            emulated=self._emulated,
            retry_at=None if found.retry_at is None else datetime.fromtimestamp(found.retry_at, UTC),
        )


_NO_CREDENTIAL = Found(
    outcome=Outcome.LOGIN_REQUIRED, detail="This installation has no X bearer token (X_BEARER_TOKEN)."
)
