"""The gate is open for accounts like those learned from, and shut for others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from contracts.features import VALUE_NAMES, F
from training.config import GateConfig, RehearsalConfig
from training.dataset import Dataset
from training.density import learn_density
from training.gate import Gate, Judge

NO_REHEARSAL = RehearsalConfig(groups=0, repeats=0, hidden=(), batches=0, epochs=0)
CONFIG = GateConfig(
    components=2, ridge=0.05, foreign=0.05, width=3.0, needs=(), facts=("has_avatar",), rehearsal=NO_REHEARSAL
)


def settled(dataset: Dataset, config: GateConfig, judge: Judge | None = None) -> Gate:
    gate = Gate(learn_density(dataset.features, dataset.sources, config, seed=1), judge, config)
    gate.settle(dataset.features, evidence(dataset), dataset.features)
    return gate


def evidence(rows: Dataset) -> np.ndarray:
    return np.zeros((len(rows), 2), np.float32)


def by_avatar() -> Judge:
    """Familiar is who has a known picture; the view holds two densities and two pieces of evidence before that."""
    kernel = np.array([[0], [0], [0], [0], [1]], np.float32)
    return Judge(np.zeros(5, np.float32), np.ones(5, np.float32), ((kernel, np.zeros(1, np.float32)),))


def test_as_many_rows_are_foreign_as_configured(dataset: Dataset) -> None:
    opening, usual = map(np.asarray, settled(dataset, CONFIG).opening(dataset.features, evidence(dataset)))
    assert (opening < 0.5).mean() == pytest.approx(0.05, abs=0.01)
    assert (usual < 0.5).mean() == pytest.approx(0.02, abs=0.01)


def test_an_account_far_from_all_is_foreign(dataset: Dataset) -> None:
    far = dataset.features.copy()
    far[:, VALUE_NAMES.index("followers")] = 1
    far[:, VALUE_NAMES.index("followers_share")] = -1
    for share in settled(dataset, CONFIG).opening(far, evidence(dataset)):
        assert np.asarray(share).mean() < 0.1


def test_an_account_that_lacks_what_the_gate_needs_is_foreign(dataset: Dataset) -> None:
    gate = settled(dataset, replace(CONFIG, foreign=0.0, needs=("has_avatar",)))
    without = dataset.without(("has_avatar",)).features
    assert np.asarray(gate.opening(dataset.features, evidence(dataset))[0]).min() == 1
    assert np.asarray(gate.opening(without, evidence(dataset))[0]).max() == 0


def test_where_there_is_a_judge_the_gate_follows_it(dataset: Dataset) -> None:
    gate = Gate(learn_density(dataset.features, dataset.sources, CONFIG, seed=1), by_avatar(), CONFIG)
    gate.threshold = 0.5
    without = dataset.without(("has_avatar",)).features
    assert np.asarray(gate.opening(dataset.features, evidence(dataset))[0]).min() > 0.5
    assert np.asarray(gate.opening(without, evidence(dataset))[0]).max() < 0.5


def test_the_gate_looks_at_densities_evidence_and_what_is_known(dataset: Dataset) -> None:
    density = learn_density(dataset.features, dataset.sources, CONFIG, seed=1)
    features = tf.constant(dataset.features)
    seen = np.asarray(Gate(density, None, CONFIG).look(features, tf.ones((len(dataset), 2))))
    assert seen.shape == (len(dataset), 5)
    logarithms = np.asarray(density(features), np.float64)
    np.testing.assert_allclose(seen[:, 0], logarithms.max(1), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(seen[:, 1], np.logaddexp.reduce(logarithms, 1), rtol=1e-5, atol=1e-5)
    known = dataset.features[:, F // 2 + VALUE_NAMES.index("has_avatar")]
    np.testing.assert_array_equal(seen[:, 4], known)


def test_what_is_not_read_counts_as_unknown(dataset: Dataset) -> None:
    read = np.ones(F, np.float32)
    read[F // 2 + VALUE_NAMES.index("has_avatar")] = 0
    density = learn_density(dataset.features, dataset.sources, CONFIG, seed=1)
    seen = np.asarray(Gate(density, None, CONFIG, read).look(dataset.features, tf.ones((len(dataset), 2))))
    assert dataset.features[:, F // 2 + VALUE_NAMES.index("has_avatar")].any()
    assert not seen[:, 4].any()
