"""Densities are high among the rows learned from and low far from all of them."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.features import VALUE_NAMES
from tests.training.test_gate import CONFIG
from training.dataset import Dataset
from training.density import GATED, Density, learn_density


@pytest.fixture(scope="module")
def density(dataset: Dataset) -> Density:
    return learn_density(dataset.features, dataset.sources, CONFIG, seed=1)


def test_an_account_far_from_all_is_rare(density: Density, dataset: Dataset) -> None:
    far = dataset.features.copy()
    far[:, VALUE_NAMES.index("followers")] = 1
    far[:, VALUE_NAMES.index("followers_share")] = -1
    near, there = (np.asarray(density(rows)).max(1) for rows in (dataset.features, far))
    assert there.max() < np.quantile(near, 0.5)


def test_shapes_of_texts_and_the_age_do_not_count() -> None:
    gated = {VALUE_NAMES[index] for index in GATED}
    assert {"followers", "like_rate_percent", "biography_length", "username_length"} <= gated
    assert not any(name.startswith(("display_name", "name_")) for name in gated)
    assert not {"biography_entropy", "account_age", "followers_per_day"} & gated
