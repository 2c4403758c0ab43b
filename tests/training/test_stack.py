"""Several networks as one in the graph answer as each of them alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from contracts.features import VALUE_NAMES, F
from training.config import Config, ExpertConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.network import Network
from training.stack import NetworkStack


@pytest.fixture
def expert(config: Config) -> ExpertConfig:
    return replace(config.x.close, bins=4, hidden=(8, 8))


def fitted(expert: ExpertConfig, dataset: Dataset, seed: int) -> DenseNetwork:
    return Network(dataset.features, expert, (("posts",),), seed).to_dense()


def test_networks_of_any_width_and_encoding_answer_as_each_alone(expert: ExpertConfig, dataset: Dataset) -> None:
    others = (expert, replace(expert, hidden=(5, 3), bins=0), replace(expert, features=("followers", "posts"), bins=6))
    networks = [fitted(each, dataset, seed) for seed, each in enumerate(others)]
    together = np.asarray(NetworkStack(networks).outputs(tf.constant(dataset.features)))
    alone = [network.logits(dataset.features) for network in networks]
    assert together == pytest.approx(np.concatenate(alone, axis=1), abs=1e-3)


def test_columns_that_are_not_read_count_as_unknown(expert: ExpertConfig, dataset: Dataset) -> None:
    read = np.ones(F, np.float32)
    column = VALUE_NAMES.index("has_avatar")
    read[[column, F // 2 + column]] = 0
    network = fitted(expert, dataset, 1)
    seen = np.asarray(NetworkStack([network], read).outputs(tf.constant(dataset.features)))
    assert seen == pytest.approx(network.logits(dataset.without(("has_avatar",)).features), abs=1e-3)
    assert seen != pytest.approx(network.logits(dataset.features), abs=1e-3)


def test_a_temperature_divides_the_logits_of_the_classes_only(expert: ExpertConfig, dataset: Dataset) -> None:
    network = Network(dataset.features, expert, (("posts",),), 1, sources=2).to_dense()
    plain, halved = (
        np.asarray(NetworkStack([network], inverse=inverse).outputs(tf.constant(dataset.features)))
        for inverse in (1.0, 0.5)
    )
    assert halved[:, :4] == pytest.approx(plain[:, :4] / 2, abs=1e-5)
    assert halved[:, 4:] == pytest.approx(plain[:, 4:], abs=1e-5)
