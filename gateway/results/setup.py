"""Puts the parts of this package together, for the gateway, the worker and the command alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from gateway.access.secret_key import SecretKey
from gateway.batches.erasure import BatchRows
from gateway.config import Config
from gateway.metrics import Metrics
from gateway.results.accounts import AccountHashes
from gateway.results.archive import Archive
from gateway.results.corrections import Corrections
from gateway.results.erasers import own_erasers
from gateway.results.erasure import Erasure, Forgetter
from gateway.results.recorder import NoRecorder, QueuedRecorder
from gateway.results.store import ResultStore


@dataclass(frozen=True, slots=True)
class Results:
    """`recorder` takes answers, `archive` shows and deletes them, `erasure` deletes them without a caller."""

    recorder: QueuedRecorder | NoRecorder
    archive: Archive
    erasure: Erasure


def open_results(
    config: Config,
    engine: sa.Engine,
    secret: SecretKey,
    fetcher: Forgetter,
    metrics: Metrics,
    *,
    now: Callable[[], datetime],
) -> Results:
    """Everything over `engine`, and the rows of batches where accounts are deleted."""

    def seconds() -> float:
        return now().timestamp()

    hashes = AccountHashes(secret)
    store = ResultStore(engine, hashes)
    recorder = (
        QueuedRecorder(store, hashes, metrics, retention_days=config.retention_days, now=now)
        if config.retention_days
        else None
    )
    erasure = Erasure(
        engine,
        hashes,
        [*own_erasers(hashes), BatchRows()],
        fetcher,
        metrics,
        path=config.tombstones_file,
        now=seconds,
    )
    archive = Archive(store, Corrections(engine, store, seconds), erasure, recorder, now)
    return Results(recorder or NoRecorder(), archive, erasure)
