"""`POST /plan`: what a list of accounts would need, found by letting the same core decide about requests in thought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from contracts.json_fields import write_time
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.departures import Source
from fetcher.limiter.decision import decide
from fetcher.limiter.handler import Handler
from fetcher.limiter.messages import Answer, AnswerKind, Grant, Request
from fetcher.limiter.rules import MICRO, Rules
from fetcher.limiter.settlement import settle
from fetcher.limiter.state import State

_ANSWER_S = 0.5
_MOST_STEPS = 20_000
_HORIZON_S = 60 * 86400.0


@dataclass(frozen=True, slots=True)
class _Need:
    requests: int
    cost: int
    finish_at: float | None


class Planner:
    """Plans under the present state; sends and stores nothing."""

    def __init__(self, sources: Mapping[Platform, Source], cache: Cache, handler: Handler) -> None:
        self._sources = sources
        self._cache = cache
        self._handler = handler

    def plan(self, refs: Sequence[ProfileRef], *, activity: bool, person: bool) -> dict[str, Any]:
        """Counts, requests, dollars and the earliest finish, in all and by platform. Raises StoreUnavailable."""
        wanted = list(dict.fromkeys(refs))
        known = self._cache.find(wanted, activity=activity)
        platforms, total = [], _Need(0, 0, 0.0)
        for platform in Platform:
            missing = [ref for ref in wanted if ref.platform is platform and ref not in known]
            need = self._need(platform, missing, activity, person)
            platforms.append(
                {
                    "platform": platform.value,
                    "accounts": sum(ref.platform is platform for ref in wanted),
                    "cached": sum(ref.platform is platform for ref in known),
                    **_written(need),
                }
            )
            total = _together(total, need)
        return {"accounts": len(wanted), "cached": len(known), **_written(total), "platforms": platforms}

    def _need(self, platform: Platform, refs: Sequence[ProfileRef], activity: bool, person: bool) -> _Need:
        source = self._sources.get(platform)
        if source is None or not refs:
            return _Need(0, 0, None if refs else 0.0)
        rules, state, now = self._handler.state(platform, source.credential)
        needs = []
        for by_handle in (True, False):
            group = [ref for ref in refs if (ref.handle is not None) is by_handle]
            sizes = [source.most] * (len(group) // source.most) + [rest for rest in [len(group) % source.most] if rest]
            methods = [source.method(by_handle=by_handle)]
            if activity and not by_handle and platform is Platform.INSTAGRAM:
                methods.append(source.method(by_handle=True))
            needs += [_simulated(rules, state, each, sizes, now, person=person) for each in methods if group]
        whole = _Need(0, 0, 0.0)
        for need in needs:
            whole = _together(whole, need)
        return whole


def _simulated(rules: Rules, state: State, method: str, sizes: Sequence[int], now: float, *, person: bool) -> _Need:
    """Requests of `sizes` accounts one after the other, each granted as soon as the core grants it."""
    begin, steps, cost = now, 0, 0
    for number, size in enumerate(sizes):
        left = size
        while left:
            steps += 1
            request = Request(method, str(number), person, left)
            decision = decide(rules, state, request, now)
            if not isinstance(decision, Grant) and decision.affordable > 0:
                request = Request(method, str(number), person, decision.affordable)
                decision = decide(rules, state, request, now)
            if steps > _MOST_STEPS or now > begin + _HORIZON_S:
                return _Need(len(sizes), sum(rules.cost(method, each) for each in sizes), None)
            if isinstance(decision, Grant):
                now += _ANSWER_S
                left -= request.accounts
                cost += rules.cost(method, request.accounts)
                state = settle(rules, decision.state, request, Answer(kind=AnswerKind.SERVED), now)
            else:
                now = decision.until
    return _Need(len(sizes), cost, now)


def _together(one: _Need, other: _Need) -> _Need:
    finish = None if one.finish_at is None or other.finish_at is None else max(one.finish_at, other.finish_at)
    return _Need(one.requests + other.requests, one.cost + other.cost, finish)


def _written(need: _Need) -> dict[str, Any]:
    finish = need.finish_at
    at = None if not finish else write_time(datetime.fromtimestamp(ceil(finish), UTC))
    return {"requests": need.requests, "usd": need.cost / MICRO, "finish_at": at}
