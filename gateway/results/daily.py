"""The daily work of the worker: what is over goes, and stored X accounts are looked up again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from gateway.access.secret_key import SecretKey
from gateway.config import Config
from gateway.fetcher_client import Fetcher
from gateway.metrics import Metrics
from gateway.results.recheck import Recheck
from gateway.results.setup import Results, open_results
from gateway.results.sweep import sweep


@dataclass(frozen=True, slots=True)
class Daily:
    """`sweep` and `recheck` are to be called once a day, by one of the workers; both raise DatabaseUnavailableError."""

    results: Results
    engine: sa.Engine
    metrics: Metrics
    retention_days: float
    round: Recheck
    now: Callable[[], datetime]

    def sweep(self) -> Mapping[str, int]:
        """Delete what is over, and once more whatever a deletion under way may have missed; how much of each."""
        counts = sweep(self.engine, self.now(), retention_days=self.retention_days)
        for place, count in counts.items():
            self.metrics.swept.labels(place).inc(count)
        self.results.erasure.reapply()
        return counts

    def recheck(self) -> Mapping[str, int]:
        """Look stored X accounts up again; how many were kept, deleted and skipped."""
        return self.round.run(uuid.uuid4().hex)


def open_daily(
    config: Config,
    engine: sa.Engine,
    secret: SecretKey,
    fetcher: Fetcher,
    metrics: Metrics,
    *,
    now: Callable[[], datetime],
) -> Daily:
    """The daily work over `engine`."""
    results = open_results(config, engine, secret, fetcher, metrics, now=now)
    usd = config.recheck_usd_per_day
    recheck = Recheck(engine, fetcher, results.erasure, metrics, usd=usd, now=now)
    return Daily(results, engine, metrics, config.retention_days, recheck, now)
