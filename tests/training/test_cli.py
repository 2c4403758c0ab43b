"""What a person types, and what comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from training.cli import main


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", [["--out", "store"], ["evaluate", "--model", "version"], ["protocol", "--p1"]])
def test_a_folder_without_data_is_explained(command: list[str], tmp_path: Path) -> None:
    code, _, stderr = run(*command, "--data", tmp_path)
    assert code == 2
    assert "No labelled data in" in stderr
    assert "Bot Repository" in stderr


def test_training_needs_both_folders() -> None:
    code, _, stderr = run("--data", "somewhere")
    assert code == 2
    assert "Both --data and --out are needed." in stderr


def test_a_wrong_configuration_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("seed = 1", "utf-8")
    code, _, stderr = run("--data", tmp_path, "--out", tmp_path, "--config", path)
    assert code == 2
    assert "instagram: is missing." in stderr


def test_evaluation_prints_the_agreed_json(data: Path, version_folder: Path) -> None:
    code, stdout, _ = run("evaluate", "--model", version_folder, "--data", data, "--json")
    assert code == 0
    figures = json.loads(stdout)
    assert figures["platforms"].keys() == {"x", "instagram"}
    for group in figures["platforms"].values():
        assert group.keys() >= {"rows", "accuracy", "macro_f1", "ece", "recall", "coverage", "accused_humans"}
        assert group["recall"].keys() == {"regular", "bot", "influencer", "fake"}
        assert 0 <= group["coverage"]["0.9"] <= 1
    assert figures["sources"].keys() == {
        f"{label}-of-{platform}"
        for platform in ("x", "instagram")
        for label in ("regular", "bot", "influencer", "fake")
    }
    assert figures["stress"]["x"].keys() > {"confident", "aged by 12 years", "renamed", "other script"}
    assert figures["platforms"]["x"]["intervals"]["recall"].keys() == {"regular", "bot", "influencer", "fake"}
    written = json.loads((version_folder / "assets.extra" / "evaluation.json").read_text("utf-8"))
    assert figures["platforms"]["x"]["confusion"] == written["platforms"]["x"]["confusion"]


def test_all_rows_are_judged_on_request_even_those_that_may_not_ship(data: Path, version_folder: Path) -> None:
    code, stdout, _ = run("evaluate", "--model", version_folder, "--data", data, "--rows", "all", "--json")
    assert code == 0
    figures = json.loads(stdout)
    assert figures["platforms"]["instagram"]["rows"] == 4 * 160 + 60
    assert figures["sources"]["instafake-real"]["recall"].keys() == {"regular"}


def test_a_folder_without_a_version_is_refused(data: Path, tmp_path: Path) -> None:
    code, _, stderr = run("evaluate", "--model", tmp_path, "--data", data)
    assert code == 1
    assert "holds no saved_model.pb" in stderr


def test_a_class_that_is_too_rare_is_refused(tmp_path: Path, data: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "bots.csv.gz").write_bytes((data / "x" / "bot-of-x.csv.gz").read_bytes())
    code, _, stderr = run("--data", tmp_path, "--out", tmp_path / "store")
    assert code == 1
    assert "there must be two" in stderr
    assert not list((tmp_path / "store").glob("rollcall/*"))
