"""The plan of a batch: what the fetcher says it needs, asked for a whole platform at once, so that it is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contracts.profile_ref import ProfileRef
from gateway.errors import FetcherUnreachableError

_TIMEOUT_S = 30.0


class Planner(Protocol):
    """What is needed of the fetcher."""

    def plan(self, refs: Sequence[ProfileRef], include: Sequence[str], request_id: str, timeout_s: float) -> Any:
        """The body of its answer; raises FetcherUnreachableError."""


def plan_of(
    fetcher: Planner, refs: Sequence[ProfileRef], wants: Mapping[str, Sequence[str]], request_id: str
) -> dict[str, Any]:
    """Accounts, cached, requests, usd, finish_at and the same by platform; raises FetcherUnreachableError.

    `wants` are the optional parts of a fetch by platform.
    """
    platforms: dict[str, dict[str, Any]] = {}
    for platform in sorted({ref.platform.value for ref in refs}):
        own = [ref for ref in refs if ref.platform.value == platform]
        include = sorted(set(wants.get(platform, ())) & {"activity"})
        platforms[platform] = _of_platform(fetcher.plan(own, include, request_id, _TIMEOUT_S), platform)
    whole: dict[str, Any] = {"accounts": 0, "cached": 0, "requests": 0, "usd": 0.0}
    for part in platforms.values():
        for name in whole:
            whole[name] += part[name]
    return {**whole, "finish_at": _last(platforms.values()), "platforms": list(platforms.values())}


def _of_platform(answer: Any, platform: str) -> dict[str, Any]:
    try:
        part = next(each for each in answer["platforms"] if each["platform"] == platform)
        return {name: part[name] for name in ("platform", "accounts", "cached", "requests", "usd", "finish_at")}
    except (KeyError, TypeError, StopIteration):
        raise FetcherUnreachableError("The fetcher gave a plan that cannot be read.") from None


def _last(parts: Any) -> str | None:
    times = [(part["requests"], part["finish_at"]) for part in parts]
    if any(requests and finish is None for requests, finish in times):
        return None
    return max((finish for _, finish in times if finish), default=None)
