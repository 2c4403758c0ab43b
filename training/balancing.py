"""Weights against imbalance: by how often a row is drawn, by how much it counts, or by both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.config import ExpertConfig

Weights = NDArray[np.float64]


def wanted_weights(
    labels: NDArray[np.int64], sources: NDArray[np.object_], class_power: float = 0, source_power: float = 0
) -> Weights:
    """Weights, mean 1, by which a class has its share of the rows to the power `class_power`, and a source inside it.

    A power of 1 leaves shares as they are, 0 makes them equal; the source's share is that inside its class.
    """
    weights: Weights = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        names, counts = np.unique(sources[of_class].astype(str), return_counts=True)
        parts = (counts / counts.sum()) ** source_power
        for name, count, part in zip(names, counts, parts / parts.sum(), strict=True):
            weights[of_class & (sources == name)] = of_class.mean() ** class_power * part / count
    weights /= weights.mean()
    return weights


def draw_chances(labels: NDArray[np.int64], sources: NDArray[np.object_], config: ExpertConfig) -> Weights:
    """The chance, sum 1, that each row is the next one drawn for training."""
    chances: Weights = wanted_weights(labels, sources, config.class_power, config.source_power) ** config.resampling
    chances /= chances.sum()
    return chances


def row_weights(labels: NDArray[np.int64], sources: NDArray[np.object_], config: ExpertConfig) -> Weights:
    """What each drawn row counts in the loss; mean 1 over the rows as they are drawn."""
    weights: Weights = wanted_weights(labels, sources, config.class_power, config.source_power) ** config.class_weight
    weights /= weights @ draw_chances(labels, sources, config)
    return weights
