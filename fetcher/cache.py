"""Answers that are still good: on X until midnight UTC (asking again that day is free of charge there, but not of the
window), on Instagram for some hours, refusals such as not-found for minutes. In the limiter's store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.clock import Clock
from fetcher.limiter.sqlite_store import SQLiteStore

_KEPT_BRIEFLY = frozenset([Outcome.NOT_FOUND, Outcome.SUSPENDED])
_DAY_S = 86400.0


class Cache:
    """Results by account. Only what an account is gets kept, never why we could not ask."""

    def __init__(
        self, store: SQLiteStore, clock: Clock, *, instagram_s: float, negative_s: float, most: int = 100_000
    ) -> None:
        self._store = store
        self._clock = clock
        self._instagram_s = instagram_s
        self._negative_s = negative_s
        self._most = most

    def find(self, refs: Sequence[ProfileRef], *, activity: bool) -> dict[ProfileRef, AccountResult]:
        """The results that are held for `refs`, marked as cached."""
        keys = {_key(ref, activity): ref for ref in refs}
        found = self._store.cached(list(keys), self._clock.now())
        results = {}
        for key, document in found.items():
            result = AccountResult.from_json(json.loads(document))
            results[keys[key]] = replace(result, ref=keys[key], cached=True)
        return results

    def keep(self, results: Mapping[ProfileRef, AccountResult], *, activity: bool) -> None:
        """Hold what is worth holding; a profile under its handle and under its id."""
        now = self._clock.now()
        by_expiry: dict[float, dict[str, str]] = {}
        for ref, result in results.items():
            if (expires_at := self._expires_at(ref.platform, result.outcome, now)) is None:
                continue
            held = by_expiry.setdefault(expires_at, {})
            document = json.dumps(result.to_json(), separators=(",", ":"))
            held[_key(ref, activity)] = document
            if result.profile is not None and result.profile.id is not None and ref.id is None:
                held[_key(ProfileRef(ref.platform, id=result.profile.id), activity)] = document
        for expires_at, held in by_expiry.items():
            self._store.remember(held, now=now, expires_at=expires_at, most=self._most)

    def _expires_at(self, platform: Platform, outcome: Outcome, now: float) -> float | None:
        if outcome in _KEPT_BRIEFLY:
            return now + self._negative_s
        if outcome is not Outcome.OK:
            return None
        return (now // _DAY_S + 1) * _DAY_S if platform is Platform.X else now + self._instagram_s


def _key(ref: ProfileRef, activity: bool) -> str:
    """On X there is one record; on Instagram a lookup by id is smaller without activity."""
    return f"{ref.key}+activity" if activity and ref.platform is Platform.INSTAGRAM else ref.key
