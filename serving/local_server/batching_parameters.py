"""How requests are gathered into batches: BatchingParameters of TensorFlow Serving, with its defaults.

Source: tensorflow_serving/servables/tensorflow/session_bundle_config.proto and bundle_factory_util.cc.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from serving.local_server.errors import InvalidArgument
from serving.local_server.extra_messages import BatchingParameters as Message
from serving.local_server.extra_messages import read_text_message


@dataclass(frozen=True, slots=True)
class BatchingParameters:
    """Sizes are rows. `timeout_s`: how long a batch waits to be filled; `threads`: batches that run at once.

    `largest`: the most rows that run together; a request of more is split where `splits`, else refused above
    `max_batch_size`. `allowed_sizes`: a batch is padded up to the next of these; empty is any size.
    """

    max_batch_size: int = 1000
    timeout_s: float = 0.0
    max_enqueued: int = 10
    threads: int = os.cpu_count() or 1
    pool_name: str = ""
    allowed_sizes: tuple[int, ...] = ()
    splits: bool = False
    largest: int = 1000

    @classmethod
    def read(cls, path: Path) -> Self:
        """The text proto at `path`; raises UnreadableConfig and InvalidArgument."""
        given: Any = read_text_message(path, Message)
        default = cls()

        def value(name: str, otherwise: Any) -> Any:
            return getattr(given, name).value if given.HasField(name) else otherwise

        max_batch_size = value("max_batch_size", default.max_batch_size)
        splits = bool(value("enable_large_batch_splitting", False))
        parameters = cls(
            max_batch_size,
            value("batch_timeout_micros", 0) / 1e6,
            value("max_enqueued_batches", default.max_enqueued),
            value("num_batch_threads", default.threads),
            value("thread_pool_name", ""),
            tuple(given.allowed_batch_sizes),
            splits,
            (value("max_execution_batch_size", 0) or max_batch_size) if splits else max_batch_size,
        )
        parameters.check()
        return parameters

    def check(self) -> None:
        """Raise InvalidArgument where the values contradict each other."""
        if self.max_batch_size < 1 or self.threads < 1 or self.max_enqueued < 1 or self.timeout_s < 0:
            raise InvalidArgument(
                "max_batch_size, num_batch_threads and max_enqueued_batches must be positive and batch_timeout_micros "
                "not negative"
            )
        sizes = self.allowed_sizes
        if any(later <= earlier for earlier, later in pairwise(sizes)):
            raise InvalidArgument("allowed_batch_sizes entries must be monotonically increasing")
        if sizes and sizes[-1] != self.largest:
            name = "max_execution_batch_size" if self.splits else "max_batch_size"
            raise InvalidArgument(
                f"Last entry in allowed_batch_sizes must match {name}; last entry was {sizes[-1]}; "
                f"expected {self.largest}"
            )

    def padded(self, rows: int) -> int:
        """To how many rows a batch of `rows` is filled up."""
        return self.allowed_sizes[bisect_left(self.allowed_sizes, rows)] if self.allowed_sizes else rows
