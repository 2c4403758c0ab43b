"""Looks the X accounts of answers and of batches up again every day, and deletes those that X no longer shows to all.

X's terms ask for it (https://docs.x.com/developer-terms/policy): content that was deleted, suspended or protected must
go within 24 hours.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from contracts.fetch_api import AccountResult, FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.batches.tables import rows
from gateway.errors import FetcherUnreachableError
from gateway.metrics import Metrics
from gateway.results.erasure import Erasure
from gateway.results.store import reading, writing
from gateway.results.tables import results

_log = logging.getLogger(__name__)

AT_ONCE = 100
"""Accounts of one request, as X takes them."""
DUE_AFTER = timedelta(hours=20)
"""So that a daily job finds due what the day before has checked, and nothing gets older than 24 hours."""
_DEADLINE_S = 30.0
_PRICE_USD = 0.01
"""X's price of an account, until an answer tells what it cost."""
_ROUNDING = 1e-6
_GONE = frozenset({Outcome.NOT_FOUND, Outcome.SUSPENDED})
_OVER = frozenset(
    {Outcome.BUDGET_SPENT, Outcome.RATE_LIMITED, Outcome.NOT_IN_PLAN, Outcome.BLOCKED, Outcome.LOGIN_REQUIRED}
)
"""Outcomes after which asking for further accounts leads nowhere today."""


class Lookup(Protocol):
    """The fetcher, as far as rechecking needs it."""

    def profiles(self, request: FetchRequest, request_id: str) -> list[AccountResult]:
        """One result per account, in order; raises FetcherUnreachableError."""


@dataclass(frozen=True, slots=True)
class _Due:
    """An account, and whether it was private already when it was read."""

    ref: ProfileRef
    was_private: bool


class Recheck:
    """One daily round; `usd` is what it may cost, `now` gives the time in UTC."""

    def __init__(
        self,
        engine: sa.Engine,
        lookup: Lookup,
        erasure: Erasure,
        metrics: Metrics,
        *,
        usd: float,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._lookup = lookup
        self._erasure = erasure
        self._metrics = metrics
        self._usd = usd
        self._now = now

    def run(self, request_id: str) -> Mapping[str, int]:
        """Look up what is due, oldest first, until the money or the fetcher's limits are used up.

        Returns how many accounts were kept, deleted, and skipped until the next time. Raises DatabaseUnavailableError.
        """
        counts: Counter[str] = Counter()
        spent, over = 0.0, False
        for chunk in _chunks(self._due()):
            affordable = [] if over else chunk[: int((self._usd - spent) / _PRICE_USD + _ROUNDING)]
            counts["skipped"] += len(chunk) - len(affordable)
            if affordable:
                found = self._look_up(affordable, request_id)
                spent += sum(result.cost_usd for result in found)
                over = any(result.outcome in _OVER for result in found) or not found
                counts.update(self._act(affordable, found, request_id))
        for outcome, number in counts.items():
            self._metrics.rechecked.labels(outcome).inc(number)
        self._metrics.recheck_usd.inc(spent)
        _log.info("Stored accounts were checked.", extra={"fields": {**counts, "usd": round(spent, 4)}})
        return dict(counts)

    def _due(self) -> list[_Due]:
        kept = _kept().subquery()
        before = (self._now() - DUE_AFTER).timestamp()
        newest = sa.func.max(kept.c.checked_at)
        # What was read while everybody could see it must go, whatever was read of the account later.
        was_private = sa.func.min(sa.case((kept.c.private.is_(True), 1), else_=0))
        wanted = (
            sa.select(kept.c.account_id, kept.c.handle, was_private)
            .group_by(kept.c.account_id, kept.c.handle)
            .having(newest <= before)
            .order_by(newest)
        )
        with reading(self._engine) as connection:
            return [
                _Due(_ref_of(account_id, handle), bool(private))
                for account_id, handle, private in connection.execute(wanted)
            ]

    def _look_up(self, due: Sequence[_Due], request_id: str) -> list[AccountResult]:
        accounts = tuple(dict.fromkeys(each.ref for each in due))
        request = FetchRequest(accounts=accounts, priority=Priority.BATCH, deadline_s=_DEADLINE_S, client="recheck")
        try:
            return self._lookup.profiles(request, request_id)
        except FetcherUnreachableError:
            return []

    def _act(self, due: Sequence[_Due], found: Sequence[AccountResult], request_id: str) -> Counter[str]:
        answers = {result.ref: result for result in found}
        gone: list[ProfileRef] = []
        there: list[ProfileRef] = []
        for each in due:
            answer = answers.get(each.ref)
            if answer is None:
                continue
            if answer.outcome in _GONE:
                gone.append(each.ref)
            elif answer.profile is not None:
                (gone if answer.profile.private and not each.was_private else there).append(each.ref)
        if gone:
            self._erasure.erase(gone, None, request_id, reason="recheck")
        self._mark(there)
        return Counter(kept=len(there), deleted=len(gone), skipped=len(due) - len(there) - len(gone))

    def _mark(self, refs: Sequence[ProfileRef]) -> None:
        ids = [ref.id for ref in refs if ref.id is not None]
        handles = [ref.handle for ref in refs if ref.handle is not None]
        with writing(self._engine) as connection:
            for table in (results, rows):
                columns = table.c
                same = (columns.platform == Platform.X) & (columns.account_id.in_(ids) | columns.handle.in_(handles))
                connection.execute(sa.update(table).where(same).values(checked_at=self._now().timestamp()))


def _kept() -> sa.CompoundSelect[Any]:
    """X accounts in answers and in batches: names, when they were last seen, and whether they were private."""
    answers = sa.select(results.c.account_id, results.c.handle, results.c.checked_at, results.c.private)
    seen = sa.func.coalesce(rows.c.checked_at, rows.c.fetched_at).label("checked_at")
    in_batches = sa.select(rows.c.account_id, rows.c.handle, seen, rows.c.private)
    return sa.union_all(
        answers.where(results.c.platform == Platform.X),
        in_batches.where(rows.c.platform == Platform.X, rows.c.outcome == Outcome.OK.value),
    )


def _ref_of(account_id: str | None, handle: str | None) -> ProfileRef:
    return ProfileRef(Platform.X, id=account_id) if account_id else ProfileRef(Platform.X, handle=handle)


def _chunks(due: Sequence[_Due]) -> Iterator[Sequence[_Due]]:
    """At most a hundred at once, ids and handles apart, since they are different requests."""
    for by_id in (True, False):
        group = [each for each in due if (each.ref.id is not None) is by_id]
        for start in range(0, len(group), AT_ONCE):
            yield group[start : start + AT_ONCE]
