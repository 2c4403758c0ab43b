"""How usual an account's numbers are: each source's density, described by a few Gaussians, no stored row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from contracts.columns import AGE_COLUMN
from contracts.features import FEATURES
from training.config import GateConfig

Floats = NDArray[np.float32]

_MOST_ROWS = 3000
_ROWS_A_COMPONENT = 150
_LEAST_ROWS = 40
_LEAST_DEVIATION = 1e-3
_TEXT = ("username_", "display_name_", "name_", "biography_", "no_biography")
GATED = np.array(
    [
        index
        for index, feature in enumerate(FEATURES)
        if feature.name in {"username_length", "biography_length"}
        or not (feature.name.startswith(_TEXT) or feature.name == "is_instagram" or AGE_COLUMN in feature.source)
    ]
)
"""The values whose joint density counts: all but the shapes of texts, which differ from language to language, and the
age, so that an account does not become another one by growing older."""


@dataclass(frozen=True, slots=True)
class Gaussians:
    """k Gaussians of d values: whitened by `factors` [d, k * d], times the root of one half; `centers` [k, d] likewise.

    `columns` [d] of the tensor hold the values; `offsets` [k] are the Gaussians' logarithms at their centers.
    """

    columns: NDArray[np.int64]
    factors: Floats
    centers: Floats
    offsets: Floats


class Density(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Callable on features float32[n, F]: the logarithm of each Gaussian's density there, float32[n, k]."""

    def __init__(self, gaussians: Gaussians) -> None:
        super().__init__()
        self._gaussians = gaussians
        self._factors = tf.Variable(gaussians.factors, trainable=False)

    def __call__(self, features: Any) -> Any:
        """See the class."""
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> Any:
        """features float32[n, F] -> the whitened values, float32[n, k * d]."""
        values = tf.gather(tf.transpose(features), self._gaussians.columns.astype(np.int32))
        return tf.matmul(values, self._factors, transpose_a=True)

    def conclude(self, entered: Any) -> Any:
        """What `enter` gave, float32[n, k * d] -> float32[n, k]."""
        of = self._gaussians
        whitened = tf.reshape(entered, [-1, *of.centers.shape])
        return of.offsets - tf.reduce_sum(tf.math.squared_difference(whitened, of.centers), 2)


def learn_density(features: Floats, sources: NDArray[np.object_], config: GateConfig, seed: int) -> Density:
    """Of the training rows of a platform; a value that never varies there is left out."""
    columns = GATED[features[:, GATED].std(0) > _LEAST_DEVIATION]
    values = features[:, columns].astype(np.float64)
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
            # Standardisation and the half of the exponent are folded in.
            folded = factor / scale[:, np.newaxis] * np.sqrt(0.5)
            centers.append(center @ factor * np.sqrt(0.5) + mean @ folded)
            factors.append(folded)
            offsets.append(np.log(weight) + np.log(np.diag(factor)).sum() - 0.5 * len(mean) * np.log(2 * np.pi))
    return Density(
        Gaussians(
            columns,
            np.concatenate(factors, axis=1).astype(np.float32),
            np.stack(centers).astype(np.float32),
            np.array(offsets, np.float32),
        )
    )
