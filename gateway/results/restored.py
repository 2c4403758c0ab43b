"""What happens when the gateway starts on a database that was restored."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from gateway.access.front_door import secret_of
from gateway.config import Config
from gateway.fetcher_client import FetcherClient
from gateway.metrics import Metrics
from gateway.results.setup import open_results


def delete_again(config: Config, engine: sa.Engine) -> None:
    """Apply deletions that the file of tombstones, which exists, knows of and the database does not.

    Raises ConfigError or DatabaseUnavailableError.
    """
    metrics = Metrics(CollectorRegistry())
    fetcher = FetcherClient(config.fetcher_url, metrics)
    results = open_results(config, engine, secret_of(config), fetcher, metrics, now=lambda: datetime.now(UTC))
    counts = results.erasure.after_start()
    if counts is not None:
        told = ", ".join(f"{count} {place}" for place, count in counts.items())
        sys.stderr.write(f"The database was restored; what was deleted since was deleted again: {told}.\n")
