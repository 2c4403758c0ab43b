from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from contracts.platforms import Platform
from gateway.batches.claims import Chunk, Claims, Pause
from gateway.batches.states import BatchState
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows
from tests.gateway.batches.fakes import handles, running
from tests.gateway.fakes import Clock


def ok(chunk: Chunk) -> list[dict[str, object]]:
    return [{"number": number, "outcome": "ok", "label": "regular"} for number in chunk.refs]


def test_rows_are_taken_once_and_a_hundred_at_a_time(store: BatchStore) -> None:
    running(store, *handles(150))
    claims = Claims(store, lease_s=60)
    first, second = claims.take(), claims.take()
    assert first is not None
    assert second is not None
    assert list(first.refs) == list(range(1, 101))
    assert list(second.refs) == list(range(101, 151))
    assert claims.take() is None


def test_a_chunk_holds_one_platforms_handles_or_its_ids(store: BatchStore) -> None:
    running(store, "@maple", "42", "https://instagram.com/oak", "@elm")
    claims = Claims(store, lease_s=60)
    kinds = [(chunk.platform, chunk.by_id, len(chunk.refs)) for chunk in iter(claims.take, None)]
    assert sorted(kinds) == [(Platform.INSTAGRAM, False, 1), (Platform.X, False, 2), (Platform.X, True, 1)]


def test_a_lease_that_ran_out_gives_the_rows_to_the_next_and_the_first_commits_nothing(
    store: BatchStore, clock: Clock
) -> None:
    batch = running(store, "@maple")
    claims = Claims(store, lease_s=60)
    dead = claims.take()
    assert dead is not None
    clock.seconds += 59
    assert claims.take() is None
    clock.seconds += 1
    taken = claims.take()
    assert taken is not None
    assert claims.settle(dead, done=ok(dead)) == 0
    assert claims.settle(taken, done=ok(taken)) == 1
    assert store.get("local", batch.id).state is BatchState.FINISHED


def test_batches_take_turns(store: BatchStore, clock: Clock) -> None:
    first, second = running(store, *handles(300)), running(store, *handles(300, "bot"))
    claims = Claims(store, lease_s=60)
    taken = []
    for _ in range(6):
        clock.seconds += 1
        chunk = claims.take()
        assert chunk is not None
        taken.append(chunk.batch_id)
    assert taken[0] != taken[1]
    assert taken == taken[:2] * 3
    assert set(taken) == {first.id, second.id}


def test_a_limit_makes_the_lane_wait_and_the_ticket_comes_back_with_it(store: BatchStore, clock: Clock) -> None:
    running(store, *handles(150), "42")
    claims = Claims(store, lease_s=60)
    chunk = next(each for each in list(iter(claims.take, None)) if not each.by_id)
    claims.settle(chunk, pause=Pause(900, "X allows no further lookup for now.", "ticket-1"))
    assert claims.ready_chunks(10) == 0
    assert claims.take() is None
    clock.seconds += 900
    again = claims.take()
    assert again is not None
    assert again.ticket == "ticket-1"
    assert len(again.refs) == 100


def test_a_paused_batch_gives_nothing_out_and_still_takes_what_was_under_way(store: BatchStore) -> None:
    batch = running(store, *handles(150))
    claims = Claims(store, lease_s=60)
    chunk = claims.take()
    assert chunk is not None
    store.pause(batch)
    assert claims.take() is None
    assert claims.settle(chunk, done=ok(chunk)) == 100
    store.resume(batch)
    rest = claims.take()
    assert rest is not None
    assert len(rest.refs) == 50


def test_cancelling_gives_every_open_row_its_one_outcome(store: BatchStore) -> None:
    batch = running(store, *handles(250))
    claims = Claims(store, lease_s=60)
    first, late = claims.take(), claims.take()
    assert first is not None
    assert late is not None
    claims.settle(first, done=ok(first))
    assert store.cancel(batch).state is BatchState.CANCELLED
    assert claims.settle(late, done=ok(late)) == 0
    with store.reading() as connection:
        query = sa.select(rows.c.outcome, sa.func.count()).group_by(rows.c.outcome)
        assert dict(connection.execute(query).all()) == {"ok": 100, "cancelled": 150}


def test_workers_that_take_at_once_never_take_the_same_row(store: BatchStore) -> None:
    batch = running(store, *handles(600))
    claims = Claims(store, lease_s=60)

    def work(_: int) -> list[int]:
        done: list[int] = []
        while (chunk := claims.take(20)) is not None:
            done += chunk.refs
            claims.settle(chunk, done=ok(chunk))
        return done

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for each in pool.map(work, range(4)) for number in each]
    # A worker may find nothing for a moment while others hold the rest.
    numbers += work(0)
    assert sorted(numbers) == list(range(1, 601))
    claims.end_finished()
    assert store.get("local", batch.id).state is BatchState.FINISHED
