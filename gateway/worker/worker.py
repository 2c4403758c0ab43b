"""The factory of the worker: the only place that puts its parts together."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from gateway.access.front_door import keys_of, secret_of
from gateway.access.spending import Spending
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.pinned_model import PinnedModel, Versions
from gateway.batches.pulse import Pulse
from gateway.batches.purse import KeyPurse
from gateway.batches.queue import WorkQueue
from gateway.batches.runner import Patience, Runner
from gateway.batches.store import BatchStore
from gateway.config import Config
from gateway.fetcher_client import Fetcher, FetcherClient
from gateway.metrics import Metrics
from gateway.model_calls import ModelCalls
from gateway.results.daily import open_daily

_MODEL_DEADLINE_S = 10.0
"""A chunk asks the model for a hundred accounts at once, with contributions where they are asked for."""
_SWEEP_HOUR, _RECHECK_HOUR = 3, 4
"""UTC; what is over need not be looked up again."""
STOP_S = 25
"""Chunks under way may end for so long after a signal."""


class Worker:
    """Threads of the queue that step through chunks, and the pulse; a collaborator left out is the real one."""

    def __init__(
        self,
        config: Config,
        engine: sa.Engine,
        registry: CollectorRegistry,
        *,
        fetcher: Fetcher | None = None,
        model: Versions | None = None,
        queue: WorkQueue | None = None,
    ) -> None:
        metrics, batch_metrics = Metrics(registry), BatchMetrics(registry)
        fetcher = fetcher or FetcherClient(config.fetcher_url, metrics, connections=config.worker_threads)
        deadline_s = max(config.model_deadline_s, _MODEL_DEADLINE_S)
        model = model or PinnedModel(ModelCalls(config.model_server, metrics, deadline_s=deadline_s))
        store = BatchStore(engine, time.time)
        claims = Claims(store, lease_s=config.batch_lease_s)
        # A lease outlasts a chunk: one request to the fetcher, its second try, and the model.
        purse = KeyPurse(Spending(engine, _utc_now), keys_of(config))
        patience = Patience(deadline_s=min(20.0, config.batch_lease_s / 3))
        self.queue = queue or WorkQueue(config.queue_url)
        self.runner = Runner(claims, fetcher, model, metrics, batch_metrics, patience=patience, purse=purse)
        self.queue.on_step(self._step)
        daily = open_daily(config, engine, secret_of(config), fetcher, metrics, now=_utc_now)
        # Results of a batch are there to be downloaded, also where no other answer is kept.
        kept_days = max(1.0, config.retention_days)
        self.queue.daily("sweep", _SWEEP_HOUR, daily.sweep)
        self.queue.daily("drop_batches", _SWEEP_HOUR, lambda: store.drop_ended(kept_days))
        self.queue.daily("recheck", _RECHECK_HOUR, daily.recheck)
        self.pulse = Pulse(store, claims, self.queue, batch_metrics, messages=2 * config.worker_threads)
        self._consumer = self.queue.huey.create_consumer(
            workers=config.worker_threads,
            worker_type="thread",
            initial_delay=0.05,
            max_delay=0.5,
            scheduler_interval=1,
            graceful_signal="TERM",
            shutdown_timeout=STOP_S,
        )

    def _step(self) -> None:
        # Who had something to do asks for more at once; the pulse alone would make a fast worker wait for its tick.
        if self.runner.step():
            self.queue.send()

    def run(self) -> None:
        """Work until a signal; chunks under way are ended first, those that take longer are taken up by others."""
        self.pulse.start()
        try:
            self._consumer.run()
        finally:
            self.pulse.stop()


def _utc_now() -> datetime:
    return datetime.now(UTC)
