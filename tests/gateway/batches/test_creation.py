from __future__ import annotations

import pytest
import sqlalchemy as sa

from gateway.batches.creation import NewBatch, create
from gateway.batches.errors import KeyReusedError, UnderWayError
from gateway.batches.states import BatchState
from gateway.batches.store import LOADING_S, BatchStore
from gateway.batches.tables import batches
from gateway.problems import problem_of
from tests.gateway.batches.fakes import accounts
from tests.gateway.fakes import NOW, Clock


def new(digest: str = "d") -> NewBatch:
    return NewBatch(owner="ada", accounts=accounts("@maple", "@oak"), key="order-17", digest=digest)


def test_the_same_request_makes_one_batch_and_another_of_its_key_none(store: BatchStore) -> None:
    first, is_new = create(store, new())
    assert (is_new, create(store, new())) == (True, (first, False))
    with pytest.raises(KeyReusedError):
        create(store, new("other"))


def test_a_request_that_is_under_way_tells_when_to_come_back_and_is_made_again_after_a_crash(
    store: BatchStore, clock: Clock
) -> None:
    made, _ = create(store, new())
    with store.writing() as connection:
        connection.execute(sa.update(batches).values(state=BatchState.LOADING))
    with pytest.raises(UnderWayError) as caught:
        create(store, new())
    problem = problem_of(caught.value, NOW)
    assert (problem.status, problem.retry_after_s) == (409, 1)
    clock.seconds += LOADING_S + 1
    again, is_new = create(store, new())
    assert is_new
    assert again.id != made.id
