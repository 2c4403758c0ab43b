"""A fitted Keras network, the plain numbers and the stacked graph give the same logits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.config import Config, ExpertConfig
from training.dataset import Dataset
from training.dense import DenseNetwork, NetworkStack
from training.network import Network


@pytest.fixture
def expert(config: Config) -> ExpertConfig:
    return replace(config.x.close, bins=4, hidden=(8, 8))


def networks(expert: ExpertConfig, dataset: Dataset) -> list[Network]:
    return [Network(dataset.features, expert, (("posts",),), seed) for seed in (1, 2)]


def test_folding_the_standardisation_changes_nothing(expert: ExpertConfig, dataset: Dataset) -> None:
    network = networks(expert, dataset)[0]
    expected = np.asarray(network.model(dataset.features))
    assert np.abs(network.to_dense().logits(dataset.features) - expected).max() < 1e-3


def test_a_network_of_few_features_is_blind_to_the_others(expert: ExpertConfig, dataset: Dataset) -> None:
    few = replace(expert, features=("followers", "posts"))
    network = networks(few, dataset)[0].to_dense()
    blind = dataset.without(("has_avatar", "following"))
    assert np.abs(network.logits(blind.features) - network.logits(dataset.features)).max() < 1e-4
    hidden = dataset.without(("followers",))
    assert np.abs(network.logits(hidden.features) - network.logits(dataset.features)).max() > 1e-2


def test_a_stack_answers_as_each_network_alone(expert: ExpertConfig, dataset: Dataset) -> None:
    dense = [network.to_dense() for network in networks(expert, dataset)]
    stacked = np.asarray(NetworkStack(dense).logits(dataset.features))
    assert stacked.shape == (2, len(dataset), 4)
    for one, together in zip(dense, stacked, strict=True):
        assert np.abs(one.logits(dataset.features) - together).max() < 1e-3


def test_a_saved_network_is_read_back(expert: ExpertConfig, dataset: Dataset, tmp_path: Path) -> None:
    dense = networks(expert, dataset)[0].to_dense()
    dense.save(tmp_path / "network.npz")
    read = DenseNetwork.load(tmp_path / "network.npz")
    assert np.array_equal(read.logits(dataset.features), dense.logits(dataset.features))
    assert [path.name for path in tmp_path.iterdir()] == ["network.npz"]
