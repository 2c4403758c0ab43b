"""A real PostgreSQL that asks for its password gets another one, and only the new one opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from scripts.database_password import change
from tests.gateway.postgres import Postgres

OLD = "invented-password-of-before"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres(OLD) as running:
        yield running


@pytest.fixture
def address(server: Postgres) -> str:
    return f"host=127.0.0.1 port={server.port} dbname=postgres user=rollcall connect_timeout=5"


@pytest.fixture
def folder(tmp_path: Path, server: Postgres) -> Path:
    for name in ("postgres", "database"):
        (tmp_path / name).mkdir()
    login = tmp_path / "database" / "pgpass"
    login.write_text(f"127.0.0.1:{server.port}:*:rollcall:{OLD}\n")
    login.chmod(0o600)
    (tmp_path / "postgres" / "password").write_text(OLD)
    return tmp_path


def test_only_the_new_password_opens_the_database_and_open_connections_stay(folder: Path, address: str) -> None:
    with psycopg.connect(address, password=OLD, autocommit=True) as held:
        change(folder, address)
        new = (folder / "postgres/password").read_text()
        assert new != OLD
        assert (folder / "database/pgpass").read_text() == f"postgres:5432:rollcall:rollcall:{new}\n"
        assert held.execute("SELECT 1").fetchone() == (1,)
    with psycopg.connect(address, password=new) as fresh:
        assert fresh.execute("SELECT current_user").fetchone() == ("rollcall",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address, password=OLD)


def test_a_database_that_does_not_let_us_in_changes_no_file(folder: Path, address: str) -> None:
    login = folder / "database" / "pgpass"
    before = login.read_text().replace(OLD, "another")
    login.write_text(before)
    with pytest.raises(psycopg.Error):
        change(folder, address)
    assert login.read_text() == before
    assert (folder / "postgres/password").read_text() == OLD
