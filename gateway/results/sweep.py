"""What is deleted every day because its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.results.corrections import CorrectionState
from gateway.results.store import writing
from gateway.results.tables import corrections, results

_SPENDING = sa.table("spending", sa.column("day"))
_SPENDING_DAYS = 400


def sweep(engine: sa.Engine, now: datetime, *, retention_days: float) -> Mapping[str, int]:
    """Delete results whose time is over, and corrections that were not approved within it; how many of each.

    Approved corrections stay until their account is deleted. Raises DatabaseUnavailableError.
    """
    oldest = (now - timedelta(days=retention_days)).timestamp()
    day = (now - timedelta(days=_SPENDING_DAYS)).date().isoformat()
    unused = (corrections.c.state != CorrectionState.APPROVED) & (corrections.c.made_at <= oldest)
    with writing(engine) as connection:
        # A shorter time than before holds for what is already kept, too.
        over = (results.c.expires_at <= now.timestamp()) | (results.c.asked_at <= oldest)
        counts = {
            "results": connection.execute(sa.delete(results).where(over)).rowcount,
            "corrections": connection.execute(sa.delete(corrections).where(unused)).rowcount,
        }
        connection.execute(sa.delete(_SPENDING).where(_SPENDING.c.day < day))
    return counts
