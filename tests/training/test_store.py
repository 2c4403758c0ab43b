"""A version appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.store import next_version, publishing


def test_versions_are_numbered_from_one(tmp_path: Path) -> None:
    for number in (1, 2):
        assert next_version(tmp_path) == number
        with publishing(tmp_path) as draft:
            (draft / "saved_model.pb").touch()
        assert (tmp_path / "rollcall" / str(number) / "saved_model.pb").is_file()


def test_the_number_follows_the_highest(tmp_path: Path) -> None:
    for name in ("3", "12", "draft-x", "old"):
        (tmp_path / "rollcall" / name).mkdir(parents=True)
    assert next_version(tmp_path) == 13


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), publishing(tmp_path):
        raise KeyboardInterrupt
    assert list((tmp_path / "rollcall").iterdir()) == []


def test_a_number_taken_meanwhile_is_passed_over(tmp_path: Path) -> None:
    with publishing(tmp_path) as draft:
        (draft / "saved_model.pb").touch()
        other = tmp_path / "rollcall" / "1"
        other.mkdir()
        (other / "saved_model.pb").touch()
    assert (tmp_path / "rollcall" / "2" / "saved_model.pb").is_file()
