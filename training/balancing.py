"""Weights against imbalance: by how often a row is drawn, by how much it counts, or by both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.config import BalanceConfig

Weights = NDArray[np.float64]


def equal_shares(labels: NDArray[np.int64], sources: NDArray[np.object_]) -> Weights:
    """Weights, mean 1, under which each class counts the same and, inside a class, each source."""
    weights: Weights = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        names = np.unique(sources[of_class])
        for name in names:
            rows = of_class & (sources == name)
            weights[rows] = 1 / len(names) / rows.sum()
    weights /= weights.mean()
    return weights


def draw_chances(labels: NDArray[np.int64], sources: NDArray[np.object_], config: BalanceConfig) -> Weights:
    """The chance, sum 1, that each row is the next one drawn for training."""
    chances: Weights = equal_shares(labels, sources) ** config.resampling
    chances /= chances.sum()
    return chances


def row_weights(labels: NDArray[np.int64], sources: NDArray[np.object_], config: BalanceConfig) -> Weights:
    """What each drawn row counts in the loss; mean 1 over the rows as they are drawn."""
    weights: Weights = equal_shares(labels, sources) ** config.class_weight
    weights /= weights @ draw_chances(labels, sources, config)
    return weights
