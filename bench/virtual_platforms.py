"""Both platforms in virtual time: the emulator's strict accounting is the judge, and a bill is kept per UTC day."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from contracts.platforms import Platform
from fetcher.emulator.app import REAL_LIMITS
from fetcher.emulator.windows import Accounting
from fetcher.limiter.messages import Answer, AnswerKind

DAY_S = 86400.0
PRICE_USD = 0.01


class Timeline:
    """True time, and what happens when."""

    def __init__(self, start: float) -> None:
        self.now = start
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, moment: float, event: Callable[[], None]) -> None:
        """Let `event` happen then."""
        heapq.heappush(self._events, (max(moment, self.now), next(self._order), event))

    def run(self, until: float) -> None:
        """Let everything happen up to `until`."""
        while self._events and self._events[0][0] < until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until


@dataclass
class Platforms:
    """What X and Instagram do with a request, in true time."""

    line: Timeline
    random: Random
    lost_headers: float = 0.0
    server_errors: float = 0.0
    sent: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    answered: int = 0
    windows: list[tuple[float, int]] = field(default_factory=list)
    """When each of X's windows began, and how many requests it served."""
    charged: Counter[tuple[int, str]] = field(default_factory=Counter)
    """How often each account was answered by X on each UTC day of the platform."""

    def __post_init__(self) -> None:
        self.accounting = {each: Accounting(REAL_LIMITS[each], lambda: self.line.now) for each in Platform}

    @property
    def over_limit(self) -> int:
        """Requests that came when their window was full."""
        return sum(
            count
            for each in self.accounting.values()
            for count in each.document()["violations"].values()  # type: ignore[attr-defined]
        )

    def receive(self, platform: Platform, method: str, credential: str, accounts: Sequence[str] = ()) -> Answer:
        """The answer to a request that arrives now; a 5xx is counted too, as a platform may."""
        verdict = self.accounting[platform].count(method, credential)
        self.sent[method] += 1
        headers = {
            "limit": verdict.limit,
            "remaining": verdict.remaining,
            "reset": float(verdict.reset),
            "server_time": float(int(self.line.now)),
        }
        if platform is Platform.INSTAGRAM:
            headers = {"server_time": float(int(self.line.now))}
        elif verdict.remaining == verdict.limit - 1:
            self.windows.append((self.line.now, 1))
        elif verdict.allowed:
            self.windows[-1] = (self.windows[-1][0], self.windows[-1][1] + 1)
        if self.random.random() < self.lost_headers:
            headers = {}
        if not verdict.allowed:
            self.refused += 1
            return Answer(kind=AnswerKind.RATE_LIMITED, **headers)  # type: ignore[arg-type]
        if self.random.random() < self.server_errors:
            return Answer(kind=AnswerKind.FAILED)
        self.answered += len(accounts)
        day = int(self.line.now // DAY_S)
        for account in accounts:
            self.charged[day, account] += 1
        return Answer(kind=AnswerKind.SERVED, billed=len(accounts), **headers)  # type: ignore[arg-type]

    def window_use(self, limit: int, seconds: float, but: float | None = None) -> float:
        """Requests served of those allowed, from the first window to the beginning of the last one.

        The time from one window's beginning to the next is what it could have served in; the one around `but` is left
        out.
        """
        served = allowed = 0.0
        for (began, count), (ended, _) in pairwise(self.windows):
            if but is None or not began <= but < ended:
                served, allowed = served + count, allowed + limit * (ended - began) / seconds
        return served / allowed

    def bill(self) -> dict[int, float]:
        """US dollars per UTC day; X charges an account once a day."""
        days: Counter[int] = Counter(day for day, _ in self.charged)
        return {day: count * PRICE_USD for day, count in days.items()}
