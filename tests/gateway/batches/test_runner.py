from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from contracts.fetch_api import AccountResult, Outcome, Priority
from contracts.profile_ref import ProfileRef
from gateway.access.caller import Role
from gateway.access.keys import Key
from gateway.access.spending import Spending
from gateway.batches.batch import Batch
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.overview import Overview
from gateway.batches.purse import KeyPurse, Purse
from gateway.batches.runner import Runner
from gateway.batches.states import BatchState
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows
from gateway.database import open_database
from gateway.errors import FetcherUnreachableError
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from tests.gateway.batches.fakes import FakeVersions, handles, running
from tests.gateway.fakes import Clock, FakeFetcher, found


class Bench:
    """A runner with its fakes, and what the tables say."""

    def __init__(self, store: BatchStore, clock: Clock, fetcher: FakeFetcher, purse: Purse | None = None) -> None:
        self.store, self.clock, self.fetcher, self.model = store, clock, fetcher, FakeVersions()
        self.registry = CollectorRegistry()
        self.runner = Runner(
            Claims(store, lease_s=60),
            fetcher,
            self.model,
            Metrics(self.registry),
            BatchMetrics(self.registry),
            now=clock,
            purse=purse,
        )

    def run(self, seconds: int = 0) -> int:
        """Step until nothing is ready, then let two seconds pass, and so on; gives how many chunks it took."""
        count = 0
        for _ in range(0, seconds + 1, 2):
            count += len(list(iter(self.runner.step, False)))
            self.clock.seconds += 2
        return count

    def state(self, batch: Batch) -> Batch:
        return self.store.get(batch.owner, batch.id)

    def outcomes(self) -> Counter[str]:
        with self.store.reading() as connection:
            return Counter(connection.execute(sa.select(rows.c.outcome)).scalars())

    def rows(self) -> list[Any]:
        with self.store.reading() as connection:
            return list(connection.execute(sa.select(rows).order_by(rows.c.number)).mappings())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """SQLite alone: what differs between the databases is tested beside the claims."""
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def bench(store: BatchStore, clock: Clock, fetcher: FakeFetcher) -> Bench:
    return Bench(store, clock, fetcher)


def test_a_chunk_is_one_request_with_the_batch_as_its_client_and_one_call_to_the_model(bench: Bench) -> None:
    batch = running(bench.store, *handles(230))
    assert bench.run() == 3
    assert [len(request.accounts) for request in bench.fetcher.asked] == [100, 100, 30]
    assert {(request.client, request.priority) for request in bench.fetcher.asked} == {(batch.id, Priority.BATCH)}
    assert bench.model.rows == [100, 100, 30]
    assert bench.state(batch).state is BatchState.FINISHED
    assert bench.outcomes() == {"ok": 230}


def test_a_row_keeps_scores_and_the_id_that_a_deletion_will_ask_for(bench: Bench) -> None:
    running(bench.store, "@maple", "77")
    bench.run()
    by_handle, by_id = bench.rows()
    assert (by_handle["handle"], by_handle["account_id"]) == ("maple", "4211")
    assert (by_id["handle"], by_id["account_id"]) == ("invented_name", "77")
    assert by_handle["p_regular"] == pytest.approx(0.86)
    assert (by_handle["label"], by_handle["unsure"], by_handle["model_version"]) == ("regular", False, 7)
    assert by_handle["contributions"] is None


def test_contributions_are_kept_where_they_were_asked_for(bench: Bench) -> None:
    running(bench.store, "@maple", explain=True)
    bench.run()
    assert bench.rows()[0]["contributions"].startswith('[["followers", 0.75], ["posts", -0.375]')


def test_every_outcome_of_a_platform_ends_its_row_and_spoils_no_other(bench: Bench) -> None:
    kinds = [Outcome.NOT_FOUND, Outcome.SUSPENDED, Outcome.BLOCKED, Outcome.LOGIN_REQUIRED, Outcome.NOT_IN_PLAN]

    def answer(ref: ProfileRef) -> AccountResult:
        number = int(ref.key.rpartition("_")[2])
        return found(ref) if number > len(kinds) else AccountResult(ref=ref, outcome=kinds[number - 1])

    bench.fetcher.answer = answer
    batch = running(bench.store, *handles(8))
    bench.run()
    assert bench.outcomes() == Counter({"ok": 3} | {kind.value: 1 for kind in kinds})
    assert bench.state(batch).state is BatchState.FINISHED


def test_rows_wait_for_a_limit_and_go_on_by_themselves_with_their_ticket(bench: Bench) -> None:
    until = datetime.fromtimestamp(900, UTC)
    bench.fetcher.answer = lambda ref: AccountResult(
        ref=ref, outcome=Outcome.RATE_LIMITED, detail="X allows no more.", retry_at=until, ticket="ticket-1"
    )
    batch = running(bench.store, *handles(300))
    assert bench.run(seconds=60) == 1
    bench.clock.seconds = 890
    assert bench.run(seconds=4) == 0
    progress = Overview(bench.store).progress(bench.state(batch))
    assert (progress.waiting_until, progress.waiting_for) == (900, "X allows no more.")
    assert progress.eta_at == 900
    bench.fetcher.answer = found
    bench.run(seconds=20)
    assert bench.fetcher.asked[1].ticket == "ticket-1"
    assert bench.outcomes() == {"ok": 300}
    assert bench.state(batch).state is BatchState.FINISHED


def test_what_came_before_the_limit_is_kept_and_not_asked_again(bench: Bench) -> None:
    def answer(ref: ProfileRef) -> AccountResult:
        late = AccountResult(ref=ref, outcome=Outcome.BUDGET_SPENT, retry_at=datetime.fromtimestamp(60, UTC))
        return found(ref) if bench.clock.seconds > 50 or int(ref.key.rpartition("_")[2]) <= 40 else late

    bench.fetcher.answer = answer
    running(bench.store, *handles(100))
    bench.run()
    assert bench.outcomes() == Counter({"ok": 40, None: 60})
    bench.run(seconds=70)
    assert bench.outcomes() == {"ok": 100}
    asked = Counter(ref.key for request in bench.fetcher.asked for ref in request.accounts)
    assert Counter(asked.values()) == {1: 40, 2: 60}


def test_an_account_without_a_usable_answer_is_asked_three_times(bench: Bench) -> None:
    bench.fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=Outcome.UPSTREAM_ERROR)
    batch = running(bench.store, "@maple")
    bench.run(seconds=60)
    assert len(bench.fetcher.asked) == 3
    assert bench.outcomes() == {"upstream-error": 1}
    bench.fetcher.answer = found
    bench.store.retry(bench.state(batch))
    bench.run()
    assert bench.outcomes() == {"ok": 1}
    assert bench.state(batch).state is BatchState.FINISHED


def test_a_fetcher_that_is_away_costs_no_outcome_and_no_busy_loop(bench: Bench) -> None:
    bench.fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    batch = running(bench.store, *handles(200))
    chunks = bench.run(seconds=60)
    assert chunks <= 31
    assert bench.outcomes() == {None: 200}
    bench.runner.step()
    assert Overview(bench.store).progress(bench.state(batch)).waiting_for == "The fetcher cannot be reached."
    bench.fetcher.trouble = None
    bench.run(seconds=3)
    assert bench.outcomes() == {"ok": 200}


def test_without_the_model_nothing_is_asked_of_a_platform(bench: Bench) -> None:
    bench.model.away = True
    running(bench.store, *handles(10))
    bench.run(seconds=10)
    assert bench.fetcher.asked == []
    bench.model.away = False
    bench.run(seconds=3)
    assert bench.outcomes() == {"ok": 10}


def test_a_version_that_is_gone_for_long_pauses_the_batch_until_another_is_named(bench: Bench) -> None:
    bench.model.numbers = {8}
    batch = running(bench.store, *handles(10))
    bench.run(seconds=30)
    assert bench.state(batch).state is BatchState.RUNNING
    bench.run(seconds=40)
    paused = bench.state(batch)
    assert paused.state is BatchState.PAUSED
    assert paused.note == "Version 7 of the model is gone. Resume with another version to go on."
    bench.store.resume(paused, 8)
    bench.run(seconds=5)
    assert bench.outcomes() == {"ok": 10}
    assert {row["model_version"] for row in bench.rows()} == {8}


def test_a_version_that_comes_back_in_time_goes_on(bench: Bench) -> None:
    bench.model.numbers = set()
    batch = running(bench.store, *handles(10))
    bench.run(seconds=50)
    bench.model.numbers = {7}
    bench.run(seconds=50)
    assert bench.state(batch).state is BatchState.FINISHED


def test_a_fault_in_a_chunk_gives_its_rows_back(bench: Bench) -> None:
    bench.fetcher.trouble = ZeroDivisionError("as the test wants it")
    running(bench.store, *handles(10))
    assert bench.runner.step()
    bench.fetcher.trouble = None
    bench.run(seconds=30)
    assert bench.outcomes() == {"ok": 10}


def test_no_metric_holds_a_handle_or_a_batch(bench: Bench) -> None:
    from prometheus_client import generate_latest

    batch = running(bench.store, "@secret_maple")
    Overview(bench.store).show(BatchMetrics(CollectorRegistry()))
    bench.run()
    text = generate_latest(bench.registry).decode()
    assert "rollcall_batch_chunk_accounts" in text
    assert "secret" not in text
    assert batch.id not in text


class Keys:
    """Ada may spend so many dollars a day; `known` tells whether she has a key at all."""

    def __init__(self, usd: float) -> None:
        self.usd, self.known = usd, True

    def keys(self) -> list[Key]:
        return [Key("ada", Role.VIEWER, "0" * 64, usd_per_day=self.usd)] if self.known else []


@pytest.fixture
def keys() -> Keys:
    return Keys(1.5)


@pytest.fixture
def paid(store: BatchStore, clock: Clock, fetcher: FakeFetcher, keys: Keys) -> Bench:
    """Each account costs a cent, and the key pays."""
    day = lambda: datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=clock.seconds)  # noqa: E731
    fetcher.answer = lambda ref: replace(found(ref), cost_usd=0.01)
    return Bench(store, clock, fetcher, KeyPurse(Spending(store.engine, day), keys))


def test_a_batch_stops_when_the_dollars_of_its_key_are_spent_and_goes_on_the_next_day(paid: Bench) -> None:
    batch = running(paid.store, *handles(230), owner="ada")
    paid.run(seconds=10)
    assert [len(request.accounts) for request in paid.fetcher.asked] == [100, 50]
    assert paid.outcomes() == Counter({"ok": 150, None: 80})
    stopped = paid.state(batch)
    assert stopped.state is BatchState.PAUSED
    assert stopped.note == (
        "Its key has spent the $1.50 that it may spend on a UTC day. "
        "Go on after midnight UTC, or when the key may spend more."
    )
    paid.clock.seconds += 86_400
    paid.store.resume(stopped)
    paid.run(seconds=4)
    assert paid.outcomes() == {"ok": 230}
    assert paid.state(batch).note is None


def test_what_the_cache_answers_costs_the_key_nothing(paid: Bench) -> None:
    paid.fetcher.answer = found
    batch = running(paid.store, *handles(500), owner="ada")
    paid.run(seconds=10)
    assert paid.outcomes() == {"ok": 500}
    assert paid.state(batch).state is BatchState.FINISHED


def test_money_that_another_chunk_holds_is_waited_for(paid: Bench, keys: Keys) -> None:
    """Each chunk could cost a dollar, of which there is one; the first costs nothing in the end."""
    keys.usd = 1.0
    batch = running(paid.store, *handles(200), owner="ada")
    meanwhile: list[str] = []

    def answer(ref: ProfileRef) -> AccountResult:
        if not meanwhile:
            meanwhile.append("a second worker")
            assert paid.runner.step()
            assert len(paid.fetcher.asked) == 1
            assert paid.state(batch).state is BatchState.RUNNING
        return found(ref)

    paid.fetcher.answer = answer
    paid.run(seconds=10)
    assert paid.outcomes() == {"ok": 200}
    assert paid.state(batch).state is BatchState.FINISHED


def test_several_threads_keep_to_the_dollars_together(paid: Bench) -> None:
    batch = running(paid.store, *handles(900), owner="ada")

    def work() -> None:
        for _ in range(6):
            paid.runner.step()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paid.run(seconds=10)
    assert paid.outcomes() == Counter({"ok": 150, None: 750})
    assert paid.state(batch).state is BatchState.PAUSED


def test_a_batch_whose_key_was_taken_away_stops(paid: Bench, keys: Keys) -> None:
    keys.known = False
    batch = running(paid.store, *handles(10), owner="ada")
    other = running(paid.store, *handles(10), owner="local")
    paid.run(seconds=4)
    assert paid.state(batch).note == "Its key was taken away, so nothing more is spent for it."
    assert paid.state(other).state is BatchState.FINISHED
