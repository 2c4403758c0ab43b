"""Against real SQLite files, by way of the real migrations."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.database import open_database
from gateway.errors import DatabaseUnavailableError
from gateway.migrations.upgrade import upgrade
from gateway.traffic import Bounds, RolledBack
from gateway.traffic_store import SqlTrafficStore, TrafficStore
from tests.gateway.fakes import MemoryTrafficStore


def open_store(folder: Path) -> SqlTrafficStore:
    engine = open_database(f"sqlite:///{folder}/state/gateway.db")
    upgrade(engine)
    return SqlTrafficStore(engine)


@pytest.fixture(params=["file", "sqlite in memory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TrafficStore:
    if request.param == "memory":
        return MemoryTrafficStore()
    if request.param == "file":
        return open_store(tmp_path)
    engine = open_database("sqlite://")
    upgrade(engine)
    return SqlTrafficStore(engine)


def test_at_first_everything_goes_to_stable(store: TrafficStore) -> None:
    traffic = store.read()
    assert (traffic.canary_share, traffic.shadow, traffic.rolled_back) == (0.0, False, None)
    assert traffic.bounds == Bounds()
    assert traffic.salt


def test_what_is_written_is_read(store: TrafficStore) -> None:
    first = store.read()
    back = RolledBack(datetime(2026, 1, 31, 12, tzinfo=UTC), 2, "It was slow.")
    wanted = replace(first, canary_share=0.25, shadow=True, bounds=Bounds(min_requests=7), rolled_back=back)
    assert store.write(wanted)
    assert store.read() == replace(wanted, revision=first.revision + 1)


def test_of_two_changes_at_once_the_later_is_not_made(store: TrafficStore) -> None:
    seen = store.read()
    assert store.write(replace(seen, canary_share=0.1))
    assert not store.write(replace(seen, canary_share=0.9))
    assert store.read().canary_share == 0.1


def test_it_survives_a_restart_and_keeps_its_salt(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    first.write(replace(first.read(), canary_share=0.5))
    again = open_store(tmp_path)
    assert again.read() == first.read()
    assert again.read().canary_share == 0.5


def test_two_installations_have_two_salts(tmp_path: Path) -> None:
    assert open_store(tmp_path / "one").read().salt != open_store(tmp_path / "two").read().salt


def test_replicas_that_start_at_once_make_one_row(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(tmp_path), range(4)))
    assert len({store.read().salt for store in stores}) == 1


def test_a_database_without_tables_is_a_typed_error(tmp_path: Path) -> None:
    store = SqlTrafficStore(open_database(f"sqlite:///{tmp_path}/empty.db"))
    with pytest.raises(DatabaseUnavailableError):
        store.read()
    with pytest.raises(DatabaseUnavailableError):
        store.write(MemoryTrafficStore().read())


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_text("no database, but long enough to be read as the head of one" * 9)
    with pytest.raises(DatabaseUnavailableError, match="not a database"):
        upgrade(open_database(f"sqlite:///{tmp_path}/gateway.db"))


def test_readers_go_on_while_somebody_writes(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    writer = sqlite3.connect(tmp_path / "state/gateway.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert store.read().revision == 0
    writer.close()
