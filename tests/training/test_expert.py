"""What the networks of a kind answer together, and how well they know an account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from training.calibration import softmax
from training.config import Config, ExpertConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.expert import Expert
from training.network import Network

CLASSES_OF_SOURCES = (0, 1, 1)


@pytest.fixture
def expert(config: Config) -> ExpertConfig:
    return replace(config.x.close, bins=4, hidden=(8, 8))


def fitted(expert: ExpertConfig, dataset: Dataset, seed: int) -> DenseNetwork:
    return Network(dataset.features, expert, (("posts",),), seed, len(CLASSES_OF_SOURCES)).to_dense()


def test_networks_of_any_depth_are_averaged(expert: ExpertConfig, dataset: Dataset) -> None:
    networks = [fitted(replace(expert, hidden=hidden), dataset, 1) for hidden in ((8, 8), (6,), (4, 4))]
    answer = np.asarray(Expert(networks, 1, None, CLASSES_OF_SOURCES).probabilities(tf.constant(dataset.features)))
    each = [softmax(network.logits(dataset.features)) for network in networks]
    assert answer == pytest.approx(np.mean(each, axis=0), abs=1e-5)


def test_evidence_is_mass_and_certainty_of_classes_and_sources_and_their_agreement(
    expert: ExpertConfig, dataset: Dataset
) -> None:
    network = fitted(expert, dataset, 1)
    evidence = np.asarray(Expert([network], 1, None, CLASSES_OF_SOURCES).witness(tf.constant(dataset.features))[1])
    outputs = network.outputs(dataset.features)
    expected = []
    for logits in (outputs[:, :4], outputs[:, 4:]):
        chances = softmax(logits)
        expected += [np.logaddexp.reduce(logits, 1), (chances * np.log(chances)).sum(1)]
    by_class = softmax(outputs[:, 4:]) @ np.eye(4)[list(CLASSES_OF_SOURCES)]
    expected.append(np.sqrt(softmax(outputs[:, :4]) * by_class).sum(1))
    assert evidence == pytest.approx(np.stack(expected, axis=1), abs=1e-2)
