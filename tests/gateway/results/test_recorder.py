from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from gateway.access.secret_key import SecretKey
from gateway.errors import DatabaseUnavailableError
from gateway.metrics import Metrics
from gateway.results.accounts import AccountHashes
from gateway.results.recorder import MOST_WAITING, NoRecorder, QueuedRecorder
from gateway.results.stored import StoredResult
from tests.gateway.fakes import NOW, assessment


class Shelf:
    """A store that fails so many times first, and lets nobody in while its door is shut."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.found: list[StoredResult] = []
        self.door = threading.Event()
        self.door.set()

    def add(self, found: Sequence[StoredResult]) -> int:
        self.door.wait(10)
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailableError("The gateway's database does not answer.")
        self.found += found
        return len(found)


def recorder(shelf: Shelf, registry: CollectorRegistry, sleep: Callable[[float], None] = lambda _: None):  # type: ignore[no-untyped-def]
    return QueuedRecorder(
        shelf,  # type: ignore[arg-type]
        AccountHashes(SecretKey(b"s" * 32)),
        Metrics(registry),
        retention_days=30,
        now=lambda: NOW,
        sleep=sleep,
    )


def counted(registry: CollectorRegistry, outcome: str) -> float:
    return registry.get_sample_value("rollcall_gateway_results_kept_total", {"outcome": outcome}) or 0


def test_an_answer_is_told_under_which_id_it_will_be_found() -> None:
    shelf, registry = Shelf(), CollectorRegistry()
    records = recorder(shelf, registry)
    told = records.keep("ada", assessment())
    assert records.flush()
    assert [each.id for each in shelf.found] == [told.id]
    assert (told.until - NOW).days == 30
    assert counted(registry, "kept") == 1


def test_a_database_that_comes_back_loses_nothing() -> None:
    shelf, registry, slept = Shelf(failures=2), CollectorRegistry(), list[float]()
    records = recorder(shelf, registry, slept.append)
    records.keep("ada", assessment())
    assert records.flush(10)
    assert len(shelf.found) == 1
    assert slept[-2:] == [0.2, 1.0]


def test_what_is_lost_is_counted() -> None:
    shelf, registry = Shelf(failures=4), CollectorRegistry()
    records = recorder(shelf, registry)
    records.keep("ada", assessment())
    assert records.flush(10)
    assert (counted(registry, "lost"), counted(registry, "kept")) == (1, 0)
    records.keep("ada", assessment())
    assert records.flush(10)
    assert counted(registry, "kept") == 1


def test_nobody_waits_for_a_full_queue() -> None:
    shelf, registry = Shelf(), CollectorRegistry()
    shelf.door.clear()
    records, answer = recorder(shelf, registry), assessment()
    told = [records.keep("ada", answer) for _ in range(MOST_WAITING + 500)]
    lost = told.count(None)
    assert lost
    assert counted(registry, "lost") == lost
    shelf.door.set()
    assert records.flush(10)
    assert counted(registry, "kept") == len(told) - lost


def test_where_nothing_is_kept_nothing_is_told() -> None:
    assert NoRecorder().keep("ada", assessment()) is None
