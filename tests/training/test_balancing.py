"""Resampling and weights, from none to equal shares, alone and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.balancing import draw_chances, row_weights, wanted_weights
from training.config import Config, ExpertConfig

LABELS = np.array([0] * 60 + [1] * 30 + [2] * 10)
SOURCES = np.array(["a"] * 50 + ["b"] * 10 + ["c"] * 30 + ["d"] * 10, object)


def balance(resampling: float, class_weight: float) -> ExpertConfig:
    """Towards equal shares, by these means."""
    expert = Config.read().x.close
    return replace(expert, class_power=0, source_power=0, resampling=resampling, class_weight=class_weight)


def shares(weights: np.ndarray, keys: np.ndarray) -> dict[object, float]:
    return {key: float(weights[keys == key].sum() / weights.sum()) for key in np.unique(keys)}


def test_equal_shares_of_classes_and_of_sources_inside_them() -> None:
    weights = wanted_weights(LABELS, SOURCES)
    assert shares(weights, LABELS) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})
    assert shares(weights, SOURCES) == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 1 / 3, "d": 1 / 3})


def test_powers_of_one_keep_the_shares() -> None:
    assert wanted_weights(LABELS, SOURCES, 1, 1) == pytest.approx(np.ones(100))


def test_source_power_moves_shares_inside_a_class_only() -> None:
    weights = wanted_weights(LABELS, SOURCES, 1, 0)
    assert shares(weights, LABELS) == pytest.approx({0: 0.6, 1: 0.3, 2: 0.1})
    assert shares(weights, SOURCES) == pytest.approx({"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.1})


def test_nothing_configured_leaves_the_rows_as_they_are() -> None:
    none = balance(resampling=0, class_weight=0)
    assert np.ptp(draw_chances(LABELS, SOURCES, none)) == 0
    assert row_weights(LABELS, SOURCES, none) == pytest.approx(np.ones(100))


def test_full_resampling_draws_each_class_equally_often() -> None:
    chances = draw_chances(LABELS, SOURCES, balance(resampling=1, class_weight=0))
    assert chances.sum() == pytest.approx(1)
    assert shares(chances, LABELS) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})


def test_class_weights_alone_make_classes_count_the_same() -> None:
    weights = row_weights(LABELS, SOURCES, balance(resampling=0, class_weight=1))
    assert shares(weights, LABELS) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})
    assert weights.mean() == pytest.approx(1)


def test_half_of_each_is_wanted_weights_together() -> None:
    both = balance(resampling=0.5, class_weight=0.5)
    effect = draw_chances(LABELS, SOURCES, both) * row_weights(LABELS, SOURCES, both)
    assert effect.sum() == pytest.approx(1)
    assert shares(effect, LABELS) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})
