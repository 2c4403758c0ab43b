"""Passwords between containers are made once, and each reader's file has the mode that it asks for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scripts.make_keys import make_keys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("postgres", "database", "grafana"):
        (tmp_path / name).mkdir()
    return tmp_path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_gateway_and_postgres_get_the_same_password(folder: Path) -> None:
    make_keys(folder)
    password = (folder / "postgres/password").read_text()
    assert len(password) >= 32
    assert (folder / "database/pgpass").read_text() == f"postgres:5432:rollcall:rollcall:{password}\n"
    assert (folder / "grafana/password").read_text() != password


def test_libpq_gets_a_file_that_nobody_else_reads(folder: Path) -> None:
    make_keys(folder)
    assert _mode(folder / "database/pgpass") == 0o600
    # Read by users of other images.
    assert _mode(folder / "postgres/password") == _mode(folder / "grafana/password") == 0o444


def test_a_second_start_changes_nothing(folder: Path) -> None:
    make_keys(folder)
    before = {path: path.read_text() for path in folder.glob("*/*")}
    make_keys(folder)
    assert {path: path.read_text() for path in folder.glob("*/*")} == before


def test_a_new_password_reaches_the_gateway_at_the_next_start(folder: Path) -> None:
    make_keys(folder)
    (folder / "postgres/password").chmod(0o644)
    (folder / "postgres/password").write_text("another")
    make_keys(folder)
    assert (folder / "database/pgpass").read_text().endswith(":another\n")
