"""What both stores promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from fetcher.limiter.state import State
from fetcher.limiter.store import LedgerRow, Store

NOW = 1_700_000_000.0
Open = Callable[[], Store]


def fresh(lost_at: float | None) -> State:
    return State(spent_until=lost_at or 0.0)


def row(token: str) -> Callable[[float], LedgerRow]:
    return lambda _: LedgerRow(
        token=token, platform="x", method="users_by_id", credential="c", accounts=("hash",), cost=10, wait_s=0.0
    )


def grant(store: Store, token: str = "t") -> None:
    store.grant("key", fresh, lambda state, _: (replace(state, opened_at=state.opened_at + 1), None), row(token))


def grants(store: Store) -> float:
    return store.change("key", fresh, lambda state, _: (None, state.opened_at))


def spent_until(store: Store) -> float:
    return store.change("key", fresh, lambda state, _: (None, state.spent_until))


def test_a_new_installation_is_free(open_store: Open) -> None:
    assert spent_until(open_store()) == 0


def test_state_and_ledger_survive_a_restart(open_store: Open, clock: Any) -> None:
    store = open_store()
    grant(store)
    clock.time += 1
    store.settle("key", fresh, lambda state, _: (state, None), token="t", outcome="served")
    again = open_store()
    assert grants(again) == 1
    assert spent_until(again) == 0
    (entry,) = again.ledger()
    assert (entry["token"], entry["outcome"], entry["granted_at"], entry["ended_at"]) == ("t", "served", NOW, NOW + 1)
    assert entry["cost"] == 10


def test_a_store_that_was_lost_says_so_to_every_process_and_after_the_next_start(
    open_store: Open, lose_store: Callable[[], None], clock: Any
) -> None:
    running = open_store()
    grant(running)
    clock.time += 5
    lose_store()
    clock.time += 5
    assert spent_until(running) == NOW + 10
    clock.time += 5
    assert spent_until(open_store()) == NOW + 10


def test_a_store_that_was_lost_between_two_runs_says_so(
    open_store: Open, lose_store: Callable[[], None], clock: Any
) -> None:
    grant(open_store())
    lose_store()
    clock.time += 5
    assert spent_until(open_store()) == NOW + 5


def test_two_running_processes_agree_on_one_loss(open_store: Open, lose_store: Callable[[], None], clock: Any) -> None:
    one, other = open_store(), open_store()
    grant(one, "1")
    grant(other, "2")
    lose_store()
    for number, store in enumerate([one, other, one, other]):
        clock.time += 1
        assert spent_until(store) == NOW + 1
        grant(store, f"after {number}")
    assert grants(one) == 4


def test_a_change_that_raises_leaves_nothing_behind(open_store: Open) -> None:
    store = open_store()
    with pytest.raises(ZeroDivisionError):
        store.change("key", fresh, lambda state, _: (replace(state, opened_at=1 / 0), None))
    assert grants(store) == 0


def test_no_change_of_many_threads_and_processes_is_lost(open_store: Open) -> None:
    stores = [open_store(), open_store()]
    threads = [Thread(target=lambda n=n: [grant(stores[n % 2], f"{n}-{i}") for i in range(10)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grants(stores[0]) == 80
    assert len(stores[0].ledger()) == 80


def test_old_rows_expired_answers_and_claims_are_pruned(open_store: Open, clock: Any) -> None:
    store = open_store()
    grant(store, "old")
    store.remember({"a": ("1", NOW + 5)}, most=10)
    store.claim(["a"], "owner", 5)
    clock.time += 10
    grant(store, "new")
    store.prune(ledger_s=5)
    assert [entry["token"] for entry in store.ledger()] == ["new"]
    clock.time = NOW
    assert store.cached(["a"]) == {}
    assert store.claim(["a"], "other", 5) == {"a"}


def test_answers_are_held_until_their_time(open_store: Open, clock: Any) -> None:
    store = open_store()
    store.remember({"a": ("1", NOW + 5), "b": ("2", NOW + 50)}, most=10)
    assert store.cached(["a", "c", "b"]) == {"a": "1", "b": "2"}
    clock.time += 5
    assert store.cached(["a", "c", "b"]) == {"b": "2"}
    store.forget(["b"])
    assert store.cached(["b"]) == {}


def test_the_cache_is_bounded_and_the_oldest_go_first(open_store: Open, clock: Any) -> None:
    store = open_store()
    for number in range(5):
        store.remember({str(number): ("x", NOW + 100)}, most=3)
        clock.time += 1
    assert set(store.cached(list("01234"))) == {"2", "3", "4"}


def test_a_claim_is_one_owners_until_it_is_released_or_over(open_store: Open, clock: Any) -> None:
    store = open_store()
    assert store.claim(["a", "b"], "one", 10) == {"a", "b"}
    assert store.claim(["b", "c"], "two", 10) == {"c"}
    assert store.claim(["a"], "one", 10) == {"a"}
    store.release(["a", "c"], "one")
    assert store.claim(["a", "c"], "three", 10) == {"a"}
    clock.time += 10
    assert store.claim(["b"], "two", 10) == {"b"}
