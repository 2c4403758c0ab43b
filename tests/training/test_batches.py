"""Batches hold as many rows as configured, drawn by the configured chances, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.batches import draw_batches
from training.config import Config, DisguiseConfig, ExpertConfig
from training.dataset import Dataset
from training.disguises import Disguises
from training.fitting import targets

PLAIN = Disguises(DisguiseConfig(transplanted=0, borrowed=0, other_script=0), np.zeros(4, np.bool_))


def one_hot(rows: Dataset) -> np.ndarray:
    return targets(rows, np.array(["bot-of-x"]))


@pytest.fixture
def expert(config: Config) -> ExpertConfig:
    return replace(config.x.close, batches=5, epochs=2, batch_size=200, class_power=0, source_power=0, resampling=1)


def test_there_are_batches_for_every_epoch(dataset: Dataset, expert: ExpertConfig) -> None:
    batches = list(draw_batches(dataset, one_hot(dataset), expert, PLAIN, 1))
    assert len(batches) == 10
    features, labels, weights = batches[0]
    assert (features.shape, labels.shape, weights.shape) == ((200, dataset.features.shape[1]), (200, 5), (200,))


def test_a_seed_fixes_the_draws(dataset: Dataset, expert: ExpertConfig) -> None:
    one, same, other = (
        next(iter(draw_batches(dataset, one_hot(dataset), expert, PLAIN, seed)))[0].numpy() for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_rare_classes_are_drawn_as_often_as_others(dataset: Dataset, expert: ExpertConfig) -> None:
    rare = dataset.where((dataset.labels != 3) | (np.arange(len(dataset)) % 4 == 0))
    labels = np.concatenate([batch[1].numpy() for batch in draw_batches(rare, one_hot(rare), expert, PLAIN, 1)])
    assert labels[:, :4].mean(0) == pytest.approx(np.full(4, 0.25), abs=0.04)
