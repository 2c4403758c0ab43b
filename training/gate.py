"""How like the training data an account is: densities of each source, described by a few Gaussians, no stored row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from contracts.features import VALUE_NAMES, F
from training.config import GateConfig

Floats = NDArray[np.float32]

_ALWAYS_OPEN = -1e6
_MOST_ROWS = 3000
_ROWS_A_COMPONENT = 150
_LEAST_ROWS = 40
_TEXT = ("username_", "display_name_", "name_", "biography_", "no_biography")
GATED = np.array(
    [
        index
        for index, name in enumerate(VALUE_NAMES)
        if name in {"username_length", "biography_length"} or not (name.startswith(_TEXT) or name == "is_instagram")
    ]
)
"""The values whose joint density counts: all but the shapes of texts, which differ from language to language."""


@dataclass(frozen=True, slots=True)
class Gaussians:
    """k Gaussians of d values: standardised by `mean`, `scale` [d]; whitened by `factors` [d, k * d]; `centers` [k, d].

    `offsets` [k] are the Gaussians' logarithms at their centers.
    """

    mean: Floats
    scale: Floats
    factors: Floats
    centers: Floats
    offsets: Floats


class Gate(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Opens at the log density `threshold`, gradually over `width`, for accounts that know the features `needs`.

    `usual`: the log density that 98% of the training rows reach.
    """

    def __init__(self, gaussians: Gaussians, width: float, needs: Sequence[str]) -> None:
        super().__init__()
        self._gaussians = gaussians
        self._factors = tf.Variable(gaussians.factors, trainable=False)
        self._width = width
        self._needs = [F // 2 + VALUE_NAMES.index(name) for name in needs]
        self.threshold = self.usual = 0.0

    def density(self, features: Any) -> Any:
        """float32[n]: the logarithm of the nearest Gaussian's density."""
        of = self._gaussians
        scores = (tf.gather(features, GATED, axis=1) - of.mean) * (1 / of.scale)
        whitened = tf.reshape(tf.matmul(scores, self._factors), [-1, *of.centers.shape]) - of.centers
        return tf.reduce_max(of.offsets - 0.5 * tf.reduce_sum(whitened * whitened, 2), 1)

    def opening(self, features: Any) -> tuple[Any, Any]:
        """float32[n] twice, from 0 to 1: how far the gate is open, and how usual the account is."""
        density = self.density(features)
        has_all = tf.reduce_prod(tf.gather(features, self._needs, axis=1), 1) if self._needs else 1.0
        opening = tf.sigmoid((density - self.threshold) * (1 / self._width)) * has_all
        return opening, tf.sigmoid((density - self.usual) * (1 / (4 * self._width)))


def learn_gate(features: Floats, sources: NDArray[np.object_], config: GateConfig, seed: int) -> Gate:
    """Of the training rows of a platform."""
    values = features[:, GATED].astype(np.float64)
    mean, scale = values.mean(0), values.std(0) + 0.05
    values = (values - mean) / scale
    centers, factors, offsets = [], [], []
    for source in np.unique(sources.astype(str)):
        rows = values[sources == source][:_MOST_ROWS]
        if len(rows) < _LEAST_ROWS:
            continue
        components = int(np.clip(len(rows) // _ROWS_A_COMPONENT, 1, config.components))
        mixture = GaussianMixture(components, reg_covar=config.ridge, random_state=seed, max_iter=30, tol=1e-2)
        mixture.fit(rows)
        for center, factor, weight in zip(mixture.means_, mixture.precisions_cholesky_, mixture.weights_, strict=True):
            centers.append(center @ factor)
            factors.append(factor)
            offsets.append(np.log(weight) + np.log(np.diag(factor)).sum() - 0.5 * len(mean) * np.log(2 * np.pi))
    gaussians = Gaussians(
        mean.astype(np.float32),
        scale.astype(np.float32),
        np.concatenate(factors, axis=1).astype(np.float32),
        np.stack(centers).astype(np.float32),
        np.array(offsets, np.float32),
    )
    gate = Gate(gaussians, config.width, config.needs)
    densities = np.asarray(gate.density(tf.constant(features)))
    gate.usual = float(np.quantile(densities, 0.02))
    gate.threshold = float(np.quantile(densities, config.foreign)) if config.foreign else _ALWAYS_OPEN
    return gate
