"""Where the traffic between versions is kept, so that it survives a restart and is the same in every replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import failure_of
from gateway.traffic import Bounds, RolledBack, Traffic

_BOUNDS = ("max_error_rate", "max_latency_ratio", "min_agreement", "min_requests")
_TABLE = sa.table(
    "traffic",
    *map(sa.column, ("id", "revision", "salt", "canary_share", "shadow", *_BOUNDS)),
    *map(sa.column, ("rolled_back_at", "rolled_back_version", "rolled_back_reason")),
)


class TrafficStore(Protocol):
    """What the control of the traffic needs."""

    def read(self) -> Traffic:
        """What holds now; raises DatabaseUnavailableError."""

    def write(self, traffic: Traffic) -> bool:
        """Put `traffic` in the place of its own revision and raise that by one; False where another came first.

        Raises DatabaseUnavailableError.
        """


class SqlTrafficStore:
    """One row of the gateway's database; gateway/migrations makes it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def read(self) -> Traffic:
        """What holds now; raises DatabaseUnavailableError."""
        with _failures(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            row = connection.execute(sa.select(_TABLE)).mappings().one()
        return Traffic(
            canary_share=row["canary_share"],
            shadow=bool(row["shadow"]),
            bounds=Bounds(**{name: row[name] for name in _BOUNDS}),
            rolled_back=_rolled_back(row),
            revision=row["revision"],
            salt=row["salt"],
        )

    def write(self, traffic: Traffic) -> bool:
        """As the protocol says."""
        back = traffic.rolled_back
        values = {
            "revision": traffic.revision + 1,
            "canary_share": traffic.canary_share,
            "shadow": traffic.shadow,
            **{name: getattr(traffic.bounds, name) for name in _BOUNDS},
            "rolled_back_at": back.at.astimezone(UTC).isoformat() if back else None,
            "rolled_back_version": back.version if back else None,
            "rolled_back_reason": back.reason[:400] if back else None,
        }
        with _failures(), self._engine.begin() as connection:
            done = connection.execute(sa.update(_TABLE).where(_TABLE.c.revision == traffic.revision).values(values))
        return done.rowcount == 1


def _rolled_back(row: Any) -> RolledBack | None:
    if row["rolled_back_at"] is None:
        return None
    at = datetime.fromisoformat(row["rolled_back_at"])
    return RolledBack(at, row["rolled_back_version"], row["rolled_back_reason"])


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise failure_of(error) from error
