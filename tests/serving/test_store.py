from __future__ import annotations

from pathlib import Path

import pytest

from contracts.model import MODEL_NAME, STABLE
from serving.store import BadConfiguration, NoSuchVersion, Served, Store, StoreBusy


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.served() is None
    store.write(Served(frozenset({2, 1}), {STABLE: 1, "canary": 2}))
    assert store.served() == Served(frozenset({1, 2}), {STABLE: 1, "canary": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["models.config"]


def test_configuration_is_what_a_model_server_reads(tmp_path: Path) -> None:
    config = Store(tmp_path).configuration(Served(frozenset({1}), {STABLE: 1}))
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == (MODEL_NAME, str(tmp_path / MODEL_NAME), "tensorflow")
    assert list(model.model_version_policy.specific.versions) == [1]


def test_published_version_appears_at_once_and_whole(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "variables").mkdir(parents=True)
    (source / "variables" / "a").write_text("x")
    store = Store(tmp_path / "store")
    assert store.versions() == []
    folder = store.publish(source, 7)
    assert store.versions() == [7]
    assert (folder / "variables" / "a").read_text() == "x"
    assert [child.name for child in store.models.iterdir()] == ["7"]


def test_failed_publication_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(FileNotFoundError):
        store.publish(tmp_path / "nowhere", 1)
    assert list(store.models.iterdir()) == []


def test_drafts_and_other_names_are_no_versions(tmp_path: Path) -> None:
    for name in ("draft-1", "1.tmp", "12"):
        (tmp_path / MODEL_NAME / name).mkdir(parents=True)
    (tmp_path / MODEL_NAME / "13").write_text("a file")
    assert Store(tmp_path).versions() == [12]


def test_removed_version_is_gone(tmp_path: Path) -> None:
    (tmp_path / MODEL_NAME / "1").mkdir(parents=True)
    store = Store(tmp_path)
    store.remove(1)
    assert list(store.models.iterdir()) == []
    with pytest.raises(NoSuchVersion):
        store.remove(1)


def test_only_one_command_holds_the_store(tmp_path: Path) -> None:
    with Store(tmp_path).locked(), pytest.raises(StoreBusy), Store(tmp_path).locked():
        raise AssertionError("two commands hold the lock")
    with Store(tmp_path).locked():
        pass


@pytest.mark.parametrize("text", ["nonsense {", "model_config_list {}", "\udcff"])
def test_configuration_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.config").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadConfiguration, match=r"models\.config"):
        Store(tmp_path).served()
