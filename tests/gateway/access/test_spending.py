from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.platforms import Platform
from gateway.access.caller import LOCAL, Caller, Role
from gateway.access.spending import Spending
from gateway.database import open_database
from gateway.errors import AllowanceSpentError, DatabaseUnavailableError
from gateway.migrations.upgrade import upgrade
from tests.gateway.fakes import NOW

ADA = Caller("ada", Role.VIEWER, "ada", 100, 0.05)


class Day:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self):  # type: ignore[no-untyped-def]
        return self.at


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    return engine


def look(spending: Spending, who: Caller = ADA, usd: float = 0.01) -> None:
    with spending.lookup(who, Platform.X) as bill:
        bill.usd = usd


def test_a_key_spends_up_to_its_dollars_and_again_the_next_day(engine: sa.Engine) -> None:
    day = Day()
    spending = Spending(engine, day)
    for _ in range(5):
        look(spending)
    assert spending.left(ADA) == 0.0
    with pytest.raises(AllowanceSpentError, match=r"0\.05 US dollars") as caught:
        look(spending)
    assert caught.value.retry_at.isoformat() == "2026-02-01T00:00:00+00:00"
    assert spending.spent("ada") == 0.05
    day.at += timedelta(days=1)
    look(spending)
    assert spending.spent("ada") == 0.01


def test_what_costs_nothing_counts_nothing(engine: sa.Engine) -> None:
    spending = Spending(engine, Day())
    for _ in range(20):
        look(spending, usd=0.0)
    assert spending.spent("ada") == 0.0


def test_without_a_bound_it_is_only_counted(engine: sa.Engine) -> None:
    spending = Spending(engine, Day())
    look(spending, LOCAL)
    with spending.lookup(LOCAL, Platform.X, 200) as bill:
        bill.usd = 1.5
    assert bill.lookups == 200
    assert spending.left(LOCAL) is None
    assert spending.spent("local") == 1.51
    assert spending.spent("ada") == 0.0


def test_a_lookup_that_fails_costs_what_is_known_of_it(engine: sa.Engine) -> None:
    spending = Spending(engine, Day())
    with pytest.raises(RuntimeError), spending.lookup(ADA, Platform.X):
        raise RuntimeError
    assert spending.spent("ada") == 0.0


def test_of_many_lookups_there_are_as_many_as_there_is_money_for(engine: sa.Engine) -> None:
    spending = Spending(engine, Day())
    look(spending)
    with spending.lookup(ADA, Platform.X, 100) as bill:
        assert bill.lookups == 4
        with pytest.raises(AllowanceSpentError), spending.lookup(ADA, Platform.X, 100):
            pytest.fail("Nothing is left to hold.")
        bill.usd = 0.02
    with spending.lookup(ADA, Platform.X, 100) as bill:
        assert bill.lookups == 2


def test_many_at_once_keep_to_the_bound_together(engine: sa.Engine) -> None:
    spending, refused = Spending(engine, Day()), []

    def many() -> None:
        for _ in range(4):
            try:
                look(spending)
            except AllowanceSpentError as error:
                refused.append(error)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spending.spent("ada") == 0.05
    assert len(refused) == 32 - 5


@pytest.mark.parametrize("bound", [None, 0.05])
def test_an_answer_that_was_paid_for_is_given_though_it_cannot_be_counted(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture, bound: float | None
) -> None:
    spending, who = Spending(engine, Day()), replace(ADA, usd_per_day=bound)
    with spending.lookup(who, Platform.X) as bill:
        bill.usd = 0.02
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE spending RENAME TO away")
    assert "could not be counted" in caplog.text
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO spending")
    assert spending.spent("ada") == (0.0 if bound is None else 0.01)


def test_without_a_database_a_bounded_key_pays_for_nothing(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE spending RENAME TO away")
    with pytest.raises(DatabaseUnavailableError):
        look(Spending(engine, Day()))
