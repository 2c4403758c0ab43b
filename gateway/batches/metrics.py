"""Every metric of the batches, on one screen. The worker shows them; no label ever holds a handle or a batch."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class BatchMetrics:
    """How much waits, how old it is, when it will be done, and what the chunks are like."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = Gauge(
            "rollcall_batch_rows", "Rows of running and paused batches by state.", ["state"], registry=registry
        )
        self.batches = Gauge("rollcall_batches", "Batches by state.", ["state"], registry=registry)
        self.ready = Gauge(
            "rollcall_batch_ready_chunks", "Chunks that could be worked on now; workers scale by it.", registry=registry
        )
        self.oldest = Gauge(
            "rollcall_batch_oldest_seconds",
            "Age of the running batch that was confirmed first, 0 without one.",
            registry=registry,
        )
        self.eta = Gauge(
            "rollcall_batch_eta_seconds", "Until the last running batch is expected to end.", registry=registry
        )
        self.queue = Gauge("rollcall_batch_queue_messages", "Messages in the work queue.", registry=registry)
        self.chunk_accounts = Histogram(
            "rollcall_batch_chunk_accounts",
            "Accounts of a chunk.",
            buckets=(1, 2, 5, 10, 25, 50, 75, 100),
            registry=registry,
        )
        self.chunk_seconds = Histogram(
            "rollcall_batch_chunk_seconds",
            "Duration of a chunk from claim to commit; outcome: done, waiting, no-model, no-fetcher, no-money, error.",
            ["outcome"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
            registry=registry,
        )
        self.rows_done = Counter("rollcall_batch_rows_done", "Rows that got their outcome.", registry=registry)
        self.pulse_errors = Counter(
            "rollcall_batch_pulse_errors", "Pulses that failed, for example without a database.", registry=registry
        )
