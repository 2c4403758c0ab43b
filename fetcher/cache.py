"""Answers that are still good: on X until midnight UTC (until then the same account costs nothing more), on Instagram
for some hours, refusals such as not-found for minutes. In the limiter's store, so that all fetchers share them.

Beside the answers stands, for a month, which id a handle led to and which handle an id had: so a renamed account and a
handle that passed to another account are noticed, and said in the result's detail.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.limiter.store import Store

_log = logging.getLogger(__name__)
MOST_ANSWERS = 100_000
_KEPT_BRIEFLY = frozenset([Outcome.NOT_FOUND, Outcome.SUSPENDED])
_DAY_S = 86400.0
_NAMES_S = 30 * _DAY_S


class Cache:
    """Results by account. Only what an account is gets kept, never why we could not ask.

    `clock_tolerance_s`: X's midnight may be that much later than ours.
    """

    def __init__(
        self,
        store: Store,
        *,
        instagram_s: float,
        negative_s: float,
        clock_tolerance_s: float = 0.0,
        most: int = MOST_ANSWERS,
    ) -> None:
        self._store = store
        self._instagram_s = instagram_s
        self._negative_s = negative_s
        self._tolerance_s = clock_tolerance_s
        self._most = most

    def find(self, refs: Sequence[ProfileRef], *, activity: bool) -> dict[ProfileRef, AccountResult]:
        """The results that are held for `refs`, marked as cached."""
        keys = {_key(ref, activity): ref for ref in refs}
        results = {}
        for key, document in self._store.cached(list(keys)).items():
            try:
                result = AccountResult.from_json(json.loads(document))
            except (ValueError, TypeError, KeyError) as error:
                # Damaged, or written by another version: asked for again, it is replaced.
                _log.warning("a kept answer cannot be read", extra={"error": type(error).__name__})
                continue
            results[keys[key]] = replace(result, ref=keys[key], cached=True, cost_usd=0.0)
        return results

    def keep(self, results: Mapping[ProfileRef, AccountResult], *, activity: bool) -> dict[ProfileRef, AccountResult]:
        """Hold what is worth holding, a profile under its handle and its id; the results with what was noticed."""
        now = self._store.now()
        noticed, names, stale = self._names(results, now)
        held: dict[str, tuple[str, float]] = dict(names)
        for ref, result in noticed.items():
            if (expires_at := self._expires_at(ref.platform, result.outcome, now)) is None:
                continue
            document = json.dumps(result.to_json(), separators=(",", ":"))
            profile = result.profile
            whole = activity or (profile is not None and (profile.activity is not None or bool(profile.private)))
            for alias in _aliases(ref, result):
                held[_key(alias, False)] = (document, expires_at)
                if whole:
                    held[_key(alias, True)] = (document, expires_at)
        if stale:
            self._store.forget(stale)
        if held:
            self._store.remember(held, most=self._most)
        return noticed

    def forget(self, refs: Sequence[ProfileRef]) -> None:
        """Drop everything held of the accounts, under every name that is known of them."""
        names = [_name_keys(ref.platform, ref.handle or "", ref.id or "")[ref.handle is None] for ref in refs]
        known = self._store.cached(names)
        aliases = list(refs)
        for ref, name in zip(refs, names, strict=True):
            if (other := known.get(name)) is not None:
                by_id = ref.handle is not None
                aliases.append(ProfileRef(ref.platform, id=other) if by_id else ProfileRef(ref.platform, handle=other))
        answers = {_key(alias, activity) for alias in aliases for activity in (False, True)}
        links = {_name_keys(each.platform, each.handle or "", each.id or "")[each.handle is None] for each in aliases}
        self._store.forget(sorted(answers | links))

    def _names(
        self, results: Mapping[ProfileRef, AccountResult], now: float
    ) -> tuple[dict[ProfileRef, AccountResult], dict[str, tuple[str, float]], list[str]]:
        """The results with what their ids and handles tell, what to remember of these, and which answers are stale."""
        pairs = {
            ref: (str(result.profile.username).lower(), str(result.profile.id))
            for ref, result in results.items()
            if result.profile is not None and result.profile.username and result.profile.id
        }
        keys = [key for ref, (handle, id_) in pairs.items() for key in _name_keys(ref.platform, handle, id_)]
        before = self._store.cached(keys) if keys else {}
        noticed, names, stale = dict(results), dict[str, tuple[str, float]](), list[str]()
        for ref, (handle, id_) in pairs.items():
            of_handle, of_id = _name_keys(ref.platform, handle, id_)
            names[of_handle], names[of_id] = (id_, now + _NAMES_S), (handle, now + _NAMES_S)
            said = []
            if (old := before.get(of_id, handle)) != handle:
                said.append("The account has another handle than before.")
                stale += [_key(ProfileRef(ref.platform, handle=old), activity) for activity in (False, True)]
            if before.get(of_handle, id_) != id_:
                said.append("The handle belonged to another account before.")
            if said:
                noticed[ref] = replace(results[ref], detail=" ".join([results[ref].detail, *said]).strip())
        return noticed, names, stale

    def _expires_at(self, platform: Platform, outcome: Outcome, now: float) -> float | None:
        if outcome in _KEPT_BRIEFLY:
            return now + self._negative_s
        if outcome is not Outcome.OK:
            return None
        if platform is Platform.X:
            return ((now - self._tolerance_s) // _DAY_S + 1) * _DAY_S + self._tolerance_s
        return now + self._instagram_s


def _aliases(ref: ProfileRef, result: AccountResult) -> list[ProfileRef]:
    """The account under its handle and its id."""
    aliases = [ref]
    if result.profile is not None:
        if ref.id is None and result.profile.id is not None:
            aliases.append(ProfileRef(ref.platform, id=result.profile.id))
        if ref.handle is None and result.profile.username is not None:
            aliases.append(ProfileRef(ref.platform, handle=result.profile.username.lower()))
    return aliases


def _key(ref: ProfileRef, activity: bool) -> str:
    """On X there is one record; on Instagram a lookup by id is smaller without activity."""
    return f"{ref.key}+activity" if activity and ref.platform is Platform.INSTAGRAM else ref.key


def _name_keys(platform: Platform, handle: str, account_id: str) -> tuple[str, str]:
    return f"id-of:{platform.value}:{handle}", f"handle-of:{platform.value}:{account_id}"
