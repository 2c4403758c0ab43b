"""A closed loop: each client sends its next request when it has the answer to the last."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Barrier, Thread

from bench.peers.calls import Call, Client


@dataclass(frozen=True, slots=True)
class Load:
    """What a load of `clients` showed: sorted latencies in seconds, and answers per second."""

    latencies_s: Sequence[float]
    per_second: float

    def percentile_ms(self, percent: float) -> float:
        """That part of the requests took at most so many milliseconds."""
        return percentile(self.latencies_s, percent) * 1000


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of sorted values."""
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered)) - 1))]


def run_load(client: Client, clients: int, seconds: float) -> Load:
    """Ask for `seconds` by so many threads, each with its connection; the first request of each is not counted."""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    failures: list[BaseException] = []
    ready = Barrier(clients + 1)

    def work(call: Call, taken: list[float]) -> None:
        try:
            call()
            ready.wait()
            end = time.perf_counter() + seconds
            while (began := time.perf_counter()) < end or not taken:
                call()
                taken.append(time.perf_counter() - began)
        except BaseException as failure:  # noqa: BLE001 - it is raised again by whoever waits for the load.
            failures.append(failure)
            ready.abort()

    threads = [Thread(target=work, args=(client(), taken), daemon=True) for taken in latencies]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    try:
        ready.wait()
        began = time.perf_counter()
    except Exception:  # noqa: BLE001 - the failure that broke the barrier is raised below.
        pass
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    if failures:
        raise failures[0]
    ordered = sorted(each for taken in latencies for each in taken)
    return Load(ordered, len(ordered) / took_s)
