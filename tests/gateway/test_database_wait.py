from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bench.ports import free_port
from gateway.database import open_database
from gateway.database_wait import wait_until_open
from gateway.errors import DatabaseUnavailableError


class Starting:
    """An engine whose database refuses so many connections; its clock moves only while somebody sleeps."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.clock = 0.0
        self.said: list[str] = []

    def connect(self) -> Starting:
        if self.refusals:
            self.refusals -= 1
            raise OperationalError("connect", None, Exception("the database system is starting up"))
        return self

    def close(self) -> None:
        """Nothing is held."""

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


def wait(database: Starting, within_s: float) -> None:
    engine = cast("Engine", database)
    wait_until_open(engine, within_s, now=lambda: database.clock, sleep=database.sleep, say=database.said.append)


def test_a_database_that_starts_is_waited_for_and_said_once() -> None:
    database = Starting(refusals=5)
    wait(database, 60)
    assert database.clock == 5
    assert database.said == ["Waiting up to 60 s for the database: the database system is starting up.\n"]


def test_the_wait_has_a_bound() -> None:
    database = Starting(refusals=1000)
    with pytest.raises(DatabaseUnavailableError, match="is starting up"):
        wait(database, 10)
    assert database.clock == 10


def test_without_a_wait_the_first_refusal_counts() -> None:
    database = Starting(refusals=1)
    with pytest.raises(DatabaseUnavailableError):
        wait(database, 0)
    assert (database.clock, database.said) == (0, [])


def test_a_database_that_is_there_is_not_waited_for(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    began = time.monotonic()
    wait_until_open(engine, 60)
    assert time.monotonic() - began < 30
    engine.dispose()


@pytest.mark.parametrize("part", ["gateway.migrations", "gateway.worker"])
def test_gateway_and_worker_wait_at_their_start(part: str, tmp_path: Path) -> None:
    database = f"postgresql+psycopg://rollcall@127.0.0.1:{free_port()}/rollcall"
    settings = {"STATE_DIR": str(tmp_path), "DATABASE_URL": database, "DATABASE_START_WAIT_S": "3"}
    command = [sys.executable, "-m", part]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 1
    assert "Waiting up to 3 s for the database" in done.stderr
