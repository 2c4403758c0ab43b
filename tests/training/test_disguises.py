"""A disguise touches what it is about, and leaves everything else."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.columns import Columns
from contracts.features import FEATURES, VALUE_NAMES, F, normalize
from training.config import DisguiseConfig
from training.disguises import Disguises
from training.invented import invent

ROWS = normalize(Columns.from_profiles(invent(400, seed=4)))
LABELS = np.eye(4, dtype=np.float32)[np.arange(400) % 4]
COUNTS = [index for index, feature in enumerate(FEATURES) if set(feature.source) <= {"followers", "following", "posts"}]


def disguised(transplanted: float = 0, borrowed: float = 0, other_script: float = 0) -> np.ndarray:
    disguises = Disguises(DisguiseConfig(transplanted, borrowed, other_script), np.array([False, False, True, False]))
    return np.asarray(disguises.apply(ROWS, LABELS, np.array([1, 2], np.int32)))


def test_no_chance_changes_nothing() -> None:
    assert np.array_equal(disguised(), ROWS)


def test_transplanted_rows_keep_their_counts_and_take_another_rows_options() -> None:
    rows = disguised(transplanted=1)
    influencers = LABELS[:, 2] == 1
    assert np.array_equal(rows[~influencers], ROWS[~influencers])
    assert np.array_equal(rows[:, COUNTS], ROWS[:, COUNTS])
    url = VALUE_NAMES.index("has_url")
    assert np.array_equal(
        rows[influencers][:, [url, F // 2 + url]], np.roll(ROWS, 1, 0)[influencers][:, [url, F // 2 + url]]
    )


def test_borrowed_names_and_biographies_come_whole() -> None:
    rows = disguised(borrowed=1)
    assert np.array_equal(rows[:, COUNTS], ROWS[:, COUNTS])
    for name in ("display_name_length", "username_entropy", "biography_entropy"):
        index = VALUE_NAMES.index(name)
        assert np.array_equal(rows[:, [index, F // 2 + index]], ROWS[::-1][:, [index, F // 2 + index]])
    length = VALUE_NAMES.index("biography_length")
    assert np.array_equal(rows[:, length], ROWS[:, length])


def test_another_script_is_written_where_there_is_a_text() -> None:
    rows = disguised(other_script=1)
    index = VALUE_NAMES.index("biography_other_script_share")
    known = ROWS[:, F // 2 + index] == 1
    assert rows[known][:, index] == pytest.approx(0.6)
    assert not rows[~known][:, index].any()
    assert np.array_equal(rows[:, F // 2 :], ROWS[:, F // 2 :])
