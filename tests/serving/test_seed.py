from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner

from contracts.features import SCHEMA_VERSION
from contracts.model import STABLE
from serving.cli import main, refusals
from serving.config import Config
from serving.history import History
from serving.manifest import DamagedVersion
from serving.seed import seed
from serving.store import Served, Store, StoreError
from tests.serving.store_models import write_manifest

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ship(folder: Path, number: int, content: str | None = None, schema: int = SCHEMA_VERSION) -> Path:
    version = Store(folder).models / str(number)
    (version / "assets.extra").mkdir(parents=True)
    (version / "saved_model.pb").write_text(content or f"graph {number}")
    write_manifest(version, schema)
    return version


def test_first_start_copies_every_version_and_makes_the_highest_stable(tmp_path: Path) -> None:
    ship(tmp_path / "shipped", 1)
    ship(tmp_path / "shipped", 2)
    store = Store(tmp_path / "store")
    assert list(seed(store, tmp_path / "shipped", NOW))[-1] == "rollcall serves version 2."
    assert store.versions() == [1, 2]
    assert store.served() == Served(frozenset({2}), {STABLE: 2})
    assert History(store.folder).since(STABLE, 2) == NOW


def test_second_start_changes_nothing(tmp_path: Path) -> None:
    ship(tmp_path / "shipped", 1)
    store = Store(tmp_path / "store")
    list(seed(store, tmp_path / "shipped", NOW))
    assert list(seed(store, tmp_path / "shipped", NOW)) == []


def test_version_shipped_later_is_copied_but_not_promoted(tmp_path: Path) -> None:
    ship(tmp_path / "shipped", 1)
    store = Store(tmp_path / "store")
    list(seed(store, tmp_path / "shipped", NOW))
    ship(tmp_path / "shipped", 2)
    list(seed(store, tmp_path / "shipped", NOW))
    assert store.versions() == [1, 2]
    assert store.served() == Served(frozenset({1}), {STABLE: 1})


def test_a_number_that_is_taken_gives_way_to_the_next_free_one(tmp_path: Path) -> None:
    ship(tmp_path / "shipped", 1)
    store = Store(tmp_path / "store")
    ship(tmp_path / "store", 1, "my own graph")
    lines = list(seed(store, tmp_path / "shipped", NOW))
    assert lines[0].endswith(" as 2.")
    assert (store.version(1) / "saved_model.pb").read_text() == "my own graph"
    assert list(seed(store, tmp_path / "shipped", NOW)) == []


def test_an_upgrade_that_the_stable_version_cannot_answer_moves_the_label(tmp_path: Path) -> None:
    ship(tmp_path / "old", 1, schema=SCHEMA_VERSION - 1)
    store = Store(tmp_path / "store")
    (tmp_path / "store" / "rollcall").mkdir(parents=True)
    store.publish(tmp_path / "old" / "rollcall" / "1", 1)
    store.write(Served(frozenset({1}), {STABLE: 1}))
    ship(tmp_path / "shipped", 2)
    lines = list(seed(store, tmp_path / "shipped", NOW))
    assert lines[1:] == [
        "Version 1 was made for another feature schema than this release's.",
        "rollcall serves version 2.",
    ]
    assert store.served() == Served(frozenset({2}), {STABLE: 2})


def test_damaged_shipped_version_is_refused(tmp_path: Path) -> None:
    (ship(tmp_path / "shipped", 1) / "saved_model.pb").write_text("damaged")
    with pytest.raises(DamagedVersion, match="is not the file of the manifest"):
        list(seed(Store(tmp_path / "store"), tmp_path / "shipped", NOW))


def test_nothing_to_serve_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="train one first"):
        list(seed(Store(tmp_path / "store"), tmp_path / "shipped", NOW))


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    ship(tmp_path / "shipped", 1)
    (tmp_path / "file").write_text("")
    config = Config(tmp_path / "file" / "models", tmp_path / "shipped", (), "http://127.0.0.1:1")
    result = CliRunner().invoke(main, ["seed"], obj=config)
    assert result.exit_code == 1
    assert result.output.startswith("Error: The store cannot be used: Not a directory")


def test_a_disk_that_fills_up_is_told_in_a_sentence(tmp_path: Path) -> None:
    failures = [("from", "to", "[Errno 28] No space left on device"), ("from", "to", "another")]
    with (
        pytest.raises(ClickException, match=r"The store cannot be used: \[Errno 28\] No space left on device\."),
        refusals(),
    ):
        raise shutil.Error(failures)
