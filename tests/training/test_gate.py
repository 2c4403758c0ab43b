"""The gate is open for accounts like those learned from, and shut for others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.features import VALUE_NAMES
from training.config import GateConfig
from training.dataset import Dataset
from training.gate import GATED, Gate, learn_gate

CONFIG = GateConfig(components=2, ridge=0.05, foreign=0.05, width=3.0, needs=())


@pytest.fixture(scope="module")
def gate(dataset: Dataset) -> Gate:
    return learn_gate(dataset.features, dataset.sources, CONFIG, seed=1)


def test_as_many_training_rows_are_foreign_as_configured(gate: Gate, dataset: Dataset) -> None:
    opening, usual = map(np.asarray, gate.opening(dataset.features))
    assert (opening < 0.5).mean() == pytest.approx(0.05, abs=0.01)
    assert (usual < 0.5).mean() == pytest.approx(0.02, abs=0.01)


def test_an_account_far_from_all_is_foreign(gate: Gate, dataset: Dataset) -> None:
    far = dataset.features.copy()
    far[:, VALUE_NAMES.index("followers")] = 1
    far[:, VALUE_NAMES.index("followers_share")] = -1
    for share in gate.opening(far):
        assert np.asarray(share).mean() < 0.1


def test_an_account_that_lacks_what_the_gate_needs_is_foreign(dataset: Dataset) -> None:
    config = replace(CONFIG, foreign=0.0, needs=("has_avatar",))
    gate = learn_gate(dataset.features, dataset.sources, config, seed=1)
    assert np.asarray(gate.opening(dataset.features)[0]).min() == 1
    assert np.asarray(gate.opening(dataset.without(("has_avatar",)).features)[0]).max() == 0


def test_shapes_of_texts_do_not_count() -> None:
    gated = {VALUE_NAMES[index] for index in GATED}
    assert {"followers", "like_rate_percent", "biography_length", "username_length"} <= gated
    assert not any(name.startswith(("display_name", "name_")) for name in gated)
    assert "biography_entropy" not in gated
