"""What each key's lookups cost on a UTC day, and that none costs more than it may."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from contracts.platforms import Platform
from gateway.access.caller import Caller
from gateway.database import failure_of
from gateway.errors import AllowanceSpentError, DatabaseUnavailableError

_log = logging.getLogger(__name__)
_MICRO = 1_000_000
_PRICES = {Platform.X: 10_000, Platform.INSTAGRAM: 0}
"""What a lookup is held for until its own price is known, in millionths of a dollar: X's price of an account."""
_TABLE = sa.table("spending", *map(sa.column, ("owner", "day", "micro_usd")))


@dataclass(slots=True)
class Bill:
    """What lookups cost; whoever makes them sets `usd`. There is money for so many `lookups`."""

    usd: float = 0.0
    lookups: int = 1


class Spending:
    """Counts dollars by owner and UTC day; `now` gives the time in UTC.

    A lookup's price is held before it is sent and settled after it, so that many at once keep to the bound together;
    a process that dies in between, or a database that does, leaves it counted. Owners without a bound are only counted;
    an answer that was paid for is theirs, too, where that fails.
    """

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    @contextmanager
    def lookup(self, who: Caller, platform: Platform, most: int = 1) -> Iterator[Bill]:
        """Lookups for `who`, as many of `most` as there is money for; `Bill.lookups` says how many.

        Raises AllowanceSpentError where there is money for none, or DatabaseUnavailableError, before any is made.
        """
        bill, day = Bill(lookups=most), self._day()
        held = 0
        if who.usd_per_day is not None:
            bill.lookups = self._hold(who, day, _PRICES[platform], most)
            held = bill.lookups * _PRICES[platform]
        try:
            yield bill
        finally:
            cost = round(bill.usd * _MICRO)
            if cost != held:
                try:
                    self._add(who.owner, day, cost - held)
                except DatabaseUnavailableError:
                    fields = {"usd": (cost - held) / _MICRO}
                    _log.error("What lookups cost could not be counted.", extra={"fields": fields})

    def left(self, who: Caller) -> float | None:
        """Dollars that `who` may still spend today, None where there is no bound; raises DatabaseUnavailableError."""
        if who.usd_per_day is None:
            return None
        return max(0.0, who.usd_per_day - self.spent(who.owner))

    def spent(self, owner: str) -> float:
        """Dollars that were spent today; raises DatabaseUnavailableError."""
        return self._spent(owner, self._day()) / _MICRO

    def _spent(self, owner: str, day: str) -> int:
        same = (_TABLE.c.owner == owner) & (_TABLE.c.day == day)
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return int(connection.execute(sa.select(_TABLE.c.micro_usd).where(same)).scalar() or 0)
        except SQLAlchemyError as error:
            raise failure_of(error) from error

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    def _hold(self, who: Caller, day: str, price: int, most: int) -> int:
        """Hold the price of up to `most` lookups; how many they are."""
        assert who.usd_per_day is not None  # noqa: S101 - The caller looked.
        # What costs nothing is let through until the bound itself is reached.
        bound = round(who.usd_per_day * _MICRO) - (0 if price else 1)
        count = most
        while count > 0:
            if self._change(who.owner, day, count * price, at_most=bound):
                return count
            # Others may hold some of it meanwhile, so it is tried with ever fewer.
            left = bound - self._spent(who.owner, day)
            count = min(count - 1, left // price if price else 0)
        midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=1)
        raise AllowanceSpentError(who.usd_per_day, midnight)

    def _add(self, owner: str, day: str, micro: int) -> None:
        self._change(owner, day, micro, at_most=None)

    def _change(self, owner: str, day: str, micro: int, *, at_most: int | None) -> bool:
        """Add to the owner's day unless that would be more than `at_most`; whether it was added."""
        same = (_TABLE.c.owner == owner) & (_TABLE.c.day == day)
        within = sa.true() if at_most is None else _TABLE.c.micro_usd + micro <= at_most
        added = sa.update(_TABLE).where(same & within).values(micro_usd=_TABLE.c.micro_usd + micro)
        try:
            with self._engine.begin() as connection:
                if connection.execute(added).rowcount:
                    return True
                if connection.execute(sa.select(_TABLE.c.owner).where(same)).first():
                    return False
            self._begin_day(owner, day)
            with self._engine.begin() as connection:
                return bool(connection.execute(added).rowcount)
        except SQLAlchemyError as error:
            raise failure_of(error) from error

    def _begin_day(self, owner: str, day: str) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_TABLE), {"owner": owner, "day": day, "micro_usd": 0})
        except IntegrityError:
            return  # Another request or replica was faster.
