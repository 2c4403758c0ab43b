"""A benchmark's figures are written in the agreed form, and a goal says whether it was reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.report import Figure, publish


@pytest.mark.parametrize(
    ("value", "goal", "reached"),
    [(0.99, ">= 0.99", True), (0.98, ">= 0.99", False), (0, "== 0", True), (3, "<= 2.0", False), (3, "", None)],
)
def test_a_goal_starts_with_its_comparison(value: float, goal: str, reached: bool | None) -> None:
    assert Figure("some", value, "s", goal).is_reached is reached


def test_the_file_holds_what_was_measured(tmp_path: Path) -> None:
    path = publish("invented", [Figure("p50", 1.5, "ms", "<= 2", {"peer": 3.0})], tmp_path)
    document = json.loads(path.read_text())
    assert set(document) == {"name", "machine", "figures"}
    assert document["figures"] == [
        {"figure": "p50", "value": 1.5, "unit": "ms", "goal": "<= 2", "peers": {"peer": 3.0}}
    ]
