"""Dropped fields look exactly like fields that were never known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.features import FEATURE_NAMES
from training.config import Config, FieldDropoutConfig
from training.dataset import Dataset
from training.field_dropout import FieldDropout
from training.fields import FIELDS, silenced

PLATFORM_KNOWN = FEATURE_NAMES.index("is_instagram_known")


@pytest.fixture
def dropout(config: Config) -> FieldDropoutConfig:
    return config.field_dropout


def test_nothing_is_dropped_outside_training(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    assert np.array_equal(FieldDropout(dropout, 1)(dataset.features), dataset.features)


def test_untouched_rows_stay_whole(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    layer = FieldDropout(replace(dropout, untouched=1, lite=0), 1)
    assert np.array_equal(layer(dataset.features, training=True), dataset.features)


def test_lite_rows_equal_rows_whose_other_fields_are_unknown(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    layer = FieldDropout(replace(dropout, untouched=0, lite=1), 1)
    unknown = dataset.without(tuple(name for name in FIELDS if name not in dropout.lite_fields))
    seen = np.asarray(layer(dataset.features, training=True))
    assert np.array_equal(seen, np.where(silenced(set(FIELDS) - set(dropout.lite_fields)), 0, dataset.features))
    assert not seen[:, FEATURE_NAMES.index("has_avatar_known")].any()
    assert np.array_equal(seen[:, FEATURE_NAMES.index("posts")], unknown.features[:, FEATURE_NAMES.index("posts")])


def test_fields_are_dropped_about_as_often_as_configured(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    layer = FieldDropout(replace(dropout, untouched=0, lite=0, group=0, field=0.3), 1)
    known = FEATURE_NAMES.index("posts_known")
    assert np.asarray(layer(dataset.features, training=True))[:, known].mean() == pytest.approx(0.7, abs=0.05)


def test_a_group_falls_silent_together(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    layer = FieldDropout(replace(dropout, untouched=0, lite=0, field=0, group=0.5, groups=(("posts", "following"),)), 1)
    seen = np.asarray(layer(dataset.features, training=True))
    posts, following = (seen[:, FEATURE_NAMES.index(f"{name}_known")] for name in ("posts", "following"))
    assert np.array_equal(posts, following)
    assert 0.3 < posts.mean() < 0.7


def test_the_platform_is_never_dropped(dataset: Dataset, dropout: FieldDropoutConfig) -> None:
    seen = np.asarray(FieldDropout(replace(dropout, untouched=0, field=1), 1)(dataset.features, training=True))
    assert seen[:, PLATFORM_KNOWN].all()
