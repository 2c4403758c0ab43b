"""Corrections that an operator approved train like any other source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from training.cli import main
from training.dataset import Dataset
from training.feedback import InvalidCorrections, read_corrections, write_source


def line(username: str, label: str = "regular", *, approved: bool = True, **facts: Any) -> str:
    profile = {"platform": "x", "fetched_at": "2026-11-01T00:00:00Z", "username": username, "followers": 12}
    return json.dumps({"profile": profile | facts, "label": label, "approved": approved})


def test_approved_corrections_are_read_as_a_source(tmp_path: Path) -> None:
    text = "\n".join([line("ada_invented", biography=""), line("bo_invented", "bot", approved=False), ""])
    write_source(read_corrections(text), tmp_path)
    dataset, dropped = Dataset.read(tmp_path)
    assert not any(dropped.values())
    assert [*dataset.frame["username"]] == ["ada_invented"]
    row = dataset.frame.iloc[0]
    assert (row["source"], row["label"], row["followers"], row["biography"]) == ("feedback", "regular", 12, "")
    assert dataset.frame["following"].isna().all()


def test_features_of_a_correction_are_those_of_its_profile(tmp_path: Path) -> None:
    from contracts.columns import Columns
    from contracts.features import normalize

    corrections = read_corrections(line("cy_invented", biography='Plants, "mostly".', following=7, has_avatar=True))
    write_source(corrections, tmp_path)
    expected = normalize(Columns.from_profiles([corrections[0].profile]))
    assert (Dataset.read(tmp_path)[0].features == expected).all()


def test_the_last_correction_of_an_account_counts(tmp_path: Path) -> None:
    (rows,) = write_source(read_corrections("\n".join([line("di"), line("di", "fake")])), tmp_path).values()
    assert rows == 1
    assert [*Dataset.read(tmp_path)[0].frame["label"]] == ["fake"]


def test_every_wrong_line_is_named_without_its_content() -> None:
    text = "\n".join(["{", line("secret_invented", "person"), line("eve"), line("f", followers=-1)])
    with pytest.raises(InvalidCorrections) as raised:
        read_corrections(text)
    message = str(raised.value)
    assert [part.split(":")[0] for part in message.splitlines()] == ["line 1", "line 2", "line 4"]
    assert "secret_invented" not in message


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    file.write_text(line("gil") + "\n" + line("hal", approved=False) + "\n", "utf-8")
    answer = CliRunner().invoke(main, ["feedback", "--corrections", str(file), "--out", str(tmp_path / "data")])
    assert answer.exit_code == 0
    assert "feedback.csv.gz: 1 rows" in answer.stdout
    assert "1 corrections are not approved" in answer.stdout
