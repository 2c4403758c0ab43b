"""A fitted Keras network and the plain numbers give the same logits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.config import Config, ExpertConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.network import Network


@pytest.fixture
def expert(config: Config) -> ExpertConfig:
    return replace(config.x.close, bins=4, hidden=(8, 8))


def network(expert: ExpertConfig, dataset: Dataset) -> Network:
    return Network(dataset.features, expert, (("posts",),), seed=1)


def test_folding_the_standardisation_changes_nothing(expert: ExpertConfig, dataset: Dataset) -> None:
    fitted = network(expert, dataset)
    expected = np.asarray(fitted.model(dataset.features))
    assert np.abs(fitted.to_dense().logits(dataset.features) - expected).max() < 1e-3


def test_a_network_of_few_features_is_blind_to_the_others(expert: ExpertConfig, dataset: Dataset) -> None:
    few = replace(expert, features=("followers", "posts"))
    dense = network(few, dataset).to_dense()
    blind = dataset.without(("has_avatar", "following"))
    assert np.abs(dense.logits(blind.features) - dense.logits(dataset.features)).max() < 1e-4
    hidden = dataset.without(("followers",))
    assert np.abs(dense.logits(hidden.features) - dense.logits(dataset.features)).max() > 1e-2


def test_a_saved_network_is_read_back(expert: ExpertConfig, dataset: Dataset, tmp_path: Path) -> None:
    dense = network(expert, dataset).to_dense()
    dense.save(tmp_path / "network.npz")
    read = DenseNetwork.load(tmp_path / "network.npz")
    assert np.array_equal(read.logits(dataset.features), dense.logits(dataset.features))
    assert [path.name for path in tmp_path.iterdir()] == ["network.npz"]
