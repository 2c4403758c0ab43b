"""A fitted Keras network, the plain numbers and the stacked graph give the same logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.config import Config
from training.dataset import Dataset
from training.dense import DenseNetwork, NetworkStack
from training.network import build, to_dense


def networks(config: Config, dataset: Dataset) -> list[tuple[object, DenseNetwork]]:
    models = [build(dataset.features, config.network, config.field_dropout, seed) for seed in (1, 2)]
    return [(model, to_dense(model, dataset.features)) for model in models]


def test_folding_the_standardisation_changes_nothing(config: Config, dataset: Dataset) -> None:
    model, dense = networks(config, dataset)[0]
    expected = np.asarray(model(dataset.features))  # type: ignore[operator]  # A keras.Model.
    assert np.abs(dense.logits(dataset.features) - expected).max() < 1e-3


def test_a_stack_answers_as_each_network_alone(config: Config, dataset: Dataset) -> None:
    dense = [network for _, network in networks(config, dataset)]
    stacked = np.asarray(NetworkStack(dense).logits(dataset.features))
    assert stacked.shape == (2, len(dataset), 4)
    for one, together in zip(dense, stacked, strict=True):
        assert np.abs(one.logits(dataset.features) - together).max() < 1e-3


def test_networks_of_different_widths_share_a_stack() -> None:
    random = np.random.default_rng(1)

    def network(width: int) -> DenseNetwork:
        shapes = [(6, width), (width, 4)]
        return DenseNetwork(
            tuple(
                (random.normal(size=shape).astype(np.float32), random.normal(size=shape[1]).astype(np.float32))
                for shape in shapes
            )
        )

    narrow, wide = network(3), network(8)
    features = random.normal(size=(5, 6)).astype(np.float32)
    stacked = np.asarray(NetworkStack([narrow, wide]).logits(features))
    assert stacked[0] == pytest.approx(narrow.logits(features), abs=1e-4)
    assert stacked[1] == pytest.approx(wide.logits(features), abs=1e-4)


def test_a_saved_network_is_read_back(config: Config, dataset: Dataset, tmp_path: Path) -> None:
    dense = networks(config, dataset)[0][1]
    dense.save(tmp_path / "network.npz")
    read = DenseNetwork.load(tmp_path / "network.npz")
    assert np.array_equal(read.logits(dataset.features), dense.logits(dataset.features))
    assert [path.name for path in tmp_path.iterdir()] == ["network.npz"]
