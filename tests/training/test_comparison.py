"""Before a promotion a person sees what changes for each class."""

from __future__ import annotations

import numpy as np
import pytest

from training.comparison import compare, comparison_table
from training.measures import measure

LABELS = np.array([0, 0, 1, 1])


def evaluation(right: list[bool]) -> dict[str, object]:
    answers = np.array([np.eye(4)[label if hit else 3] for label, hit in zip(LABELS, right, strict=True)])
    return {"platforms": {"x": measure(answers, LABELS, 0.9)}}


def test_old_and_new_stand_side_by_side() -> None:
    changes = compare(evaluation([True, True, True, False]), evaluation([True, False, True, True]))
    assert changes["x"]["accuracy"] == [0.75, 0.75]
    assert changes["x"]["classes"]["regular"]["recall"] == [1, 0.5]
    assert changes["x"]["classes"]["bot"]["recall"] == [0.5, 1]
    assert changes["x"]["accused_humans"] == [0, 0.5]


def test_the_table_has_a_line_per_figure() -> None:
    table = comparison_table(compare(evaluation([True] * 4), evaluation([True] * 4)))
    assert table.row_count == 4 + 2 * 3


def test_a_platform_of_one_side_only_is_left_out() -> None:
    assert compare(evaluation([True] * 4), {"platforms": {}}) == {}
    with pytest.raises(KeyError):
        compare({}, {})
