"""The counters of the server, and their page in TensorFlow Serving's Prometheus dialect.

Names begin with a colon, histograms count microseconds, scalars carry braces even without labels.
Source: tensorflow_serving/util/prometheus_exporter.cc and servables/tensorflow/util.cc.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock

BUCKETS = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds in microseconds."""

EXAMPLE_BUCKETS = tuple(2.0**power for power in range(15))
"""Upper bounds of a number of examples."""


class Counter:
    """Counts by labels."""

    kind = "counter"

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        self.name, self._labels = name, tuple(labels)
        self._lock = Lock()
        self._values: dict[tuple[str, ...], int] = {}

    def add(self, *labels: str, by: int = 1) -> None:
        """Count one more for these label values."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + by

    def total(self) -> int:
        """The sum over all labels."""
        with self._lock:
            return sum(self._values.values())

    def lines(self) -> Iterator[str]:
        """Its part of the page."""
        with self._lock:
            values = dict(self._values)
        for labels, value in values.items():
            yield f"{self.name}{_braces(self._labels, labels)} {value}"


class Histogram:
    """Durations, or other quantities, by labels."""

    kind = "histogram"

    def __init__(self, name: str, labels: Sequence[str], bounds: Sequence[float] = BUCKETS) -> None:
        self.name, self._labels, self._bounds = name, tuple(labels), tuple(bounds)
        self._lock = Lock()
        self._cells: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Note one duration in microseconds, or one quantity."""
        with self._lock:
            cell = self._cells.get(labels)
            if cell is None:
                cell = self._cells[labels] = ([0] * (len(self._bounds) + 1), [0.0])
            counts, total = cell
            counts[bisect_left(self._bounds, value)] += 1
            total[0] += value

    def lines(self) -> Iterator[str]:
        """Its part of the page."""
        with self._lock:
            cells = {labels: (list(counts), total[0]) for labels, (counts, total) in self._cells.items()}
        bounds = [f"{bound:g}" for bound in self._bounds] + ["+Inf"]
        for labels, (counts, total) in cells.items():
            for bound, count in zip(bounds, accumulate(counts), strict=True):
                yield f"{self.name}_bucket{_braces((*self._labels, 'le'), (*labels, bound))} {count}"
            yield f"{self.name}_sum{_braces(self._labels, labels)} {total:g}"
            yield f"{self.name}_count{_braces(self._labels, labels)} {sum(counts)}"


class Metrics:
    """Everything that this server counts."""

    def __init__(self) -> None:
        serving, loader = ":tensorflow:serving:", ":tensorflow:cc:saved_model:"
        self.requests = Counter(f"{serving}request_count", ["model_name", "status"])
        self.request_latency = Histogram(f"{serving}request_latency", ["model_name", "API", "entrypoint"])
        self.runtime_latency = Histogram(f"{serving}runtime_latency", ["model_name", "API", "runtime"])
        self.example_counts = Histogram(f"{serving}request_example_counts", ["model"], EXAMPLE_BUCKETS)
        self.examples = Counter(f"{serving}request_example_count_total", ["model"])
        self.warmup_latency = Histogram(f"{serving}model_warmup_latency", ["model_path", "status"])
        self.warmup_records = Counter(f"{serving}model_warmup_records_read", ["model_path", "status"])
        # Never fed: like the original without a logging configuration, this server writes no log of requests.
        self.request_logs = Counter(f"{serving}request_log_count", ["model_name", "status"])
        self.loads = Counter(f"{loader}load_attempt_count", ["model_path", "status"])
        self.load_latency = Counter(f"{loader}load_latency", ["model_path"])
        batching = f"{serving}batching_session:"
        self.queuing_latency = Histogram(f"{batching}queuing_latency", ["thread_pool_name"])
        self.wrapped_runs = Counter(f"{batching}wrapped_run_count", [])
        self.padding_size = Histogram(f"{batching}padding_size", ["execution_batch_size"], EXAMPLE_BUCKETS)
        self.input_batch_size = Histogram(f"{batching}input_batch_size", [], EXAMPLE_BUCKETS)
        self.processed_batch_size = Histogram(f"{batching}processed_batch_size", [], EXAMPLE_BUCKETS)
        self.runs = Counter(":tensorflow:core:graph_runs", [])

    def totals(self, names: Iterable[str]) -> dict[str, int]:
        """The sums of those counters that are known, by TensorFlow's own names with slashes."""
        counters = {each.name: each for each in vars(self).values() if isinstance(each, Counter)}
        return {name: counters[known].total() for name in names if (known := name.replace("/", ":")) in counters}

    def page(self) -> str:
        """The whole page."""
        lines: list[str] = []
        for metric in vars(self).values():
            lines += [f"# TYPE {metric.name} {metric.kind}", *metric.lines()]
        return "\n".join(lines) + "\n"


def _braces(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = (f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
