"""PostgreSQL that stays silent."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from gateway.database import open_database
from tests.gateway.postgres import Postgres


def test_an_answer_that_does_not_come_is_given_up_and_the_next_question_gets_its_own(postgres: Postgres) -> None:
    engine = open_database(postgres.database(), answer_s=0.3)
    began = time.monotonic()
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_sleep(30)"))
    assert time.monotonic() - began < 10
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()


def test_without_a_bound_a_statement_may_take_its_time(postgres: Postgres) -> None:
    engine = open_database(postgres.database())
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_sleep(0.4)"))
    engine.dispose()


def test_a_statement_that_fails_keeps_its_connection(postgres: Postgres) -> None:
    engine = open_database(postgres.database(), answer_s=5)
    with engine.connect() as connection:
        first = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        with pytest.raises(sa.exc.ProgrammingError):
            connection.execute(sa.text("SELECT nothing_of_that_name"))
        connection.rollback()
        assert connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() == first
    engine.dispose()
