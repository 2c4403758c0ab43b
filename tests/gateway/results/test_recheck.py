from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from contracts.fetch_api import AccountResult, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.batches.claims import Claims
from gateway.batches.store import BatchStore
from gateway.batches.tables import rows
from gateway.errors import FetcherUnreachableError
from gateway.results.recheck import Recheck
from tests.gateway.batches.fakes import running
from tests.gateway.fakes import assessment, found
from tests.gateway.results.conftest import Kept


def account(number: int, platform: Platform = Platform.X, **known: object):  # type: ignore[no-untyped-def]
    ref = ProfileRef(platform, handle=f"reg_{number}")
    return assessment(ref=ref, id=str(1000 + number), **known)


def recheck(kept: Kept, usd: float = 10.0) -> dict[str, int]:
    job = Recheck(kept.engine, kept.fetcher, kept.erasure, kept.metrics, usd=usd, now=kept.time.now)
    return {outcome: number for outcome, number in job.run("id-1").items() if number}


def in_batch(kept: Kept, *names: str, private: bool | None = None) -> None:
    """A finished batch that found these accounts; their ids are 1001, 1002 and so on."""
    store = BatchStore(kept.engine, kept.time.seconds)
    running(store, *names)
    claims = Claims(store, lease_s=60)
    chunk = claims.take()
    assert chunk is not None
    answer = {"outcome": "ok", "label": "bot", "fetched_at": kept.time.seconds(), "private": private}
    done = [{"number": n, "account_id": str(1000 + n), "handle": ref.handle, **answer} for n, ref in chunk.refs.items()]
    assert claims.settle(chunk, done=done) == len(names)


def rows_of(kept: Kept) -> list[tuple[str, str | None, str | None]]:
    with kept.engine.connect() as connection:
        query = sa.select(rows.c.outcome, rows.c.handle, rows.c.label).order_by(rows.c.number)
        return [tuple(row) for row in connection.execute(query)]


def numbers_left(kept: Kept, *numbers: int) -> list[int]:
    now = kept.time.seconds()
    return [n for n in numbers if kept.store.of_account("ada", ProfileRef(Platform.X, id=str(1000 + n)), now)]


def gone(outcome: Outcome):  # type: ignore[no-untyped-def]
    return lambda ref: AccountResult(ref=ref, outcome=outcome) if ref.id == "1001" else found(ref, id=ref.id)


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.SUSPENDED])
def test_what_x_no_longer_shows_is_deleted(kept: Kept, outcome: Outcome) -> None:
    for number in (1, 2):
        kept.add("ada", account(number))
    kept.time.pass_days(1)
    kept.fetcher.answer = gone(outcome)
    assert recheck(kept) == {"kept": 1, "deleted": 1}
    assert numbers_left(kept, 1, 2) == [2]
    (request,) = kept.fetcher.asked
    assert (request.priority, len(request.accounts)) == (Priority.BATCH, 2)


def test_what_became_protected_goes_and_what_was_already_stays(kept: Kept) -> None:
    kept.add("ada", account(1))
    kept.add("ada", account(2, private=True))
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id, private=True)
    assert recheck(kept) == {"kept": 1, "deleted": 1}
    assert numbers_left(kept, 1, 2) == [2]


def test_instagram_and_what_was_read_lately_are_left_in_peace(kept: Kept) -> None:
    kept.add("ada", account(1, Platform.INSTAGRAM))
    kept.add("ada", account(2))
    kept.time.pass_days(0.5)
    assert recheck(kept) == {}
    assert kept.fetcher.asked == []


def test_what_was_checked_is_due_again_the_next_day(kept: Kept) -> None:
    kept.add("ada", account(1))
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id)
    for _ in range(3):
        kept.time.pass_days(1)
        assert recheck(kept) == {"kept": 1}
        assert recheck(kept) == {}


def test_a_hundred_accounts_are_one_request(kept: Kept) -> None:
    for number in range(150):
        kept.add("ada", account(number))
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id)
    assert recheck(kept) == {"kept": 150}
    assert [len(request.accounts) for request in kept.fetcher.asked] == [100, 50]


def test_the_money_bounds_it_and_the_oldest_come_first(kept: Kept) -> None:
    for number in range(120):
        kept.add("ada", account(number))
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: replace(found(ref, id=ref.id), cost_usd=0.01)
    assert recheck(kept, usd=1.05) == {"kept": 105, "skipped": 15}
    assert recheck(kept, usd=1.05) == {"kept": 15}
    assert recheck(kept, usd=0.0) == {}


@pytest.mark.parametrize("outcome", [Outcome.BUDGET_SPENT, Outcome.RATE_LIMITED, Outcome.UPSTREAM_ERROR])
def test_what_cannot_be_asked_is_skipped_and_not_deleted(kept: Kept, outcome: Outcome) -> None:
    for number in range(130):
        kept.add("ada", account(number))
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: AccountResult(ref=ref, outcome=outcome)
    assert recheck(kept) == {"skipped": 130}
    assert len(kept.fetcher.asked) == (2 if outcome is Outcome.UPSTREAM_ERROR else 1)


def test_without_the_fetcher_nothing_is_deleted(kept: Kept) -> None:
    kept.add("ada", account(1))
    kept.time.pass_days(1)
    kept.fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    assert recheck(kept) == {"skipped": 1}
    assert numbers_left(kept, 1) == [1]


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.SUSPENDED])
def test_accounts_that_stand_only_in_batches_are_looked_up_and_deleted_too(kept: Kept, outcome: Outcome) -> None:
    in_batch(kept, "@reg_1", "@reg_2")
    kept.time.pass_days(1)
    kept.fetcher.answer = gone(outcome)
    assert recheck(kept) == {"kept": 1, "deleted": 1}
    assert rows_of(kept) == [("deleted", None, None), ("ok", "reg_2", "bot")]
    assert recheck(kept) == {}
    kept.time.pass_days(1)
    assert recheck(kept) == {"kept": 1}


def test_rows_of_accounts_that_became_protected_go_and_those_that_were_stay(kept: Kept) -> None:
    in_batch(kept, "@reg_1", private=False)
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id, private=True)
    assert recheck(kept) == {"deleted": 1}
    in_batch(kept, "@reg_1", private=True)
    kept.time.pass_days(1)
    assert recheck(kept) == {"kept": 1}


def test_what_was_read_in_public_goes_though_it_was_read_in_private_later(kept: Kept) -> None:
    kept.add("ada", account(1))
    kept.add("ada", account(1, private=True))
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id, private=True)
    assert recheck(kept) == {"deleted": 1}
    assert numbers_left(kept, 1) == []


def test_an_account_of_an_answer_and_of_a_batch_is_asked_for_once(kept: Kept) -> None:
    kept.add("ada", assessment(ref=ProfileRef(Platform.X, handle="reg_1"), id="1001", username="reg_1"))
    in_batch(kept, "@reg_1")
    kept.time.pass_days(1)
    kept.fetcher.answer = lambda ref: found(ref, id=ref.id)
    assert recheck(kept) == {"kept": 1}
    assert recheck(kept) == {}
