"""Dropped fields look exactly like fields that were never known."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.features import FEATURE_NAMES
from training.dataset import Dataset
from training.field_dropout import FieldDropout
from training.fields import silenced

GROUPS = (("posts", "following"), ("has_avatar",))


def layer(untouched: float, dropped: float) -> FieldDropout:
    return FieldDropout(GROUPS, untouched, dropped, seed=1)


def known(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, FEATURE_NAMES.index(f"{name}_known")]


def test_nothing_is_dropped_outside_training(dataset: Dataset) -> None:
    assert np.array_equal(layer(0, 1)(dataset.features), dataset.features)


def test_untouched_rows_stay_whole(dataset: Dataset) -> None:
    assert np.array_equal(layer(1, 1)(dataset.features, training=True), dataset.features)


def test_a_row_that_lost_fields_equals_one_that_never_had_them(dataset: Dataset) -> None:
    seen = np.asarray(layer(0, 1)(dataset.features, training=True))
    unknown = dataset.without(("posts", "following", "has_avatar")).features
    lost_all = (known(seen, "posts") == 0) & (known(seen, "has_avatar") == 0)
    assert lost_all.any()
    assert np.array_equal(seen[lost_all], np.where(silenced([*GROUPS[0], *GROUPS[1]]), 0, dataset.features)[lost_all])
    assert np.array_equal(seen[lost_all], unknown[lost_all])


def test_a_group_falls_silent_together(dataset: Dataset) -> None:
    seen = np.asarray(layer(0, 1)(dataset.features, training=True))
    assert np.array_equal(known(seen, "posts"), known(seen, "following"))


def test_groups_are_dropped_by_half_the_highest_chance_on_average(dataset: Dataset) -> None:
    seen = np.concatenate([np.asarray(layer(0.5, 0.8)(dataset.features, training=True)) for _ in range(1)])
    assert known(seen, "posts").mean() == pytest.approx(1 - 0.5 * 0.4, abs=0.05)


def test_the_platform_is_never_dropped(dataset: Dataset) -> None:
    assert known(np.asarray(layer(0, 1)(dataset.features, training=True)), "is_instagram").all()
