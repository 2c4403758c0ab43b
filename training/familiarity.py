"""How like the training data an account is: means and scales of its values, no stored row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.network import standardization


@dataclass(frozen=True, slots=True)
class Familiarity:
    """`mean`, `scale`: float32[F / 2]; up to the distance `near` an account is familiar, from `far` not.

    The distance is the mean squared standard score of the known values: about 1 for an account like those learned from.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    near: float
    far: float


def learn(features: NDArray[np.float32]) -> Familiarity:
    """Of the training rows of a platform: familiar up to the 99th percentile, foreign from three times that."""
    mean, scale = standardization(features)
    near = float(np.percentile(distances(features, mean, scale), 99))
    return Familiarity(mean, scale, near, 3 * near)


def distances(
    features: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float64]:
    """float[n]; the graph computes the same."""
    values, masks = np.split(features.astype(np.float64), 2, axis=1)
    scores = np.clip((values - mean) / scale, -10, 10) * masks
    mean_squares: NDArray[np.float64] = (scores**2).sum(1) / np.maximum(masks.sum(1), 1)
    return mean_squares
