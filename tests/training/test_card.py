"""The committed model card says what the shipped version's own figures say."""

from __future__ import annotations

import json
from pathlib import Path

from training.card import write_card

ROOT = Path(__file__).parents[2]


def newest(store: Path) -> Path:
    return max((path for path in store.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))


def test_the_committed_card_is_the_one_of_the_shipped_version() -> None:
    version = newest(ROOT / "serving" / "models" / "rollcall")
    assert (ROOT / "docs" / "model-card.md").read_text("utf-8") == write_card(version)


def test_a_card_can_be_written_before_the_protocol_was_run(version_folder: Path) -> None:
    text = write_card(version_folder)
    figures = json.loads((version_folder / "assets.extra" / "evaluation.json").read_text("utf-8"))
    assert f"{figures['platforms']['x']['accuracy']:.3f}" in text
    assert "Not measured." in text
    assert "$" not in text
