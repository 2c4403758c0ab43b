"""The dense Keras network: standardised values, masks and encoded pieces in, logits out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from contracts.features import VALUE_NAMES, F
from contracts.model import CLASSES
from training.config import ExpertConfig
from training.dense import DenseNetwork
from training.encoding import Encoding
from training.field_dropout import FieldDropout

Floats = NDArray[np.float32]

_CENTER = 0.5
"""A mask enters the first layer as -0.5 or 0.5."""


class Pieces(keras.layers.Layer):  # type: ignore[misc]  # Keras publishes no types.
    """An encoding as a layer."""

    def __init__(self, encoding: Encoding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._encoding = encoding

    def call(self, features: Any) -> Any:
        """float32[n, F] -> float32[n, p]."""
        return self._encoding.in_graph(features)


class Network:
    """A keras.Model from float32[n, F] to logits of the classes and `sources`, float32[n, 4 + s], as plain numbers too.

    The mean and scale of each value over the rows of `features` that know it become constants of the graph; an unknown
    value enters as 0, which is then the mean.
    """

    def __init__(
        self, features: Floats, expert: ExpertConfig, groups: Sequence[Sequence[str]], seed: int, sources: int = 0
    ) -> None:
        wanted = expert.features or VALUE_NAMES
        read = np.array([name in wanted and name not in expert.without for name in VALUE_NAMES])
        self._read = np.concatenate([read, read]).astype(np.float32)
        self._mean, self._scale = standardization(features)
        self._encoding = Encoding.learn(features, np.flatnonzero(read), expert.bins)
        self.model = self._build(expert, groups, seed, sources)

    def _build(self, expert: ExpertConfig, groups: Sequence[Sequence[str]], seed: int, sources: int) -> Any:
        values = F // 2
        inputs = keras.Input((F,), name="features")
        known = FieldDropout(groups, expert.untouched, expert.dropped, seed)(inputs)
        masks = known[:, values:]
        x = keras.layers.Concatenate()([(known[:, :values] - masks * self._mean) / self._scale, masks - _CENTER])
        x = keras.layers.GaussianNoise(expert.noise, seed=seed)(x) * self._read
        if len(self._encoding.columns):
            x = keras.layers.Concatenate()([x, Pieces(self._encoding)(known)])
        for index, units in enumerate(expert.hidden):
            kernel = keras.initializers.HeNormal(seed=seed + index)
            x = keras.layers.Dense(units, activation="silu", kernel_initializer=kernel)(x)
            x = keras.layers.Dropout(expert.dropout, seed=seed + index)(x)
        kernel = keras.initializers.GlorotUniform(seed=seed)
        return keras.Model(inputs, keras.layers.Dense(len(CLASSES) + sources, kernel_initializer=kernel)(x))

    def to_dense(self) -> DenseNetwork:
        """The fitted model as plain numbers, its standardisation folded into the first layer."""
        layers: list[tuple[Floats, Floats]] = []
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dense):
                weights, offsets = layer.get_weights()
                layers.append((np.asarray(weights, np.float32), np.asarray(offsets, np.float32)))
        (kernel, bias), *rest = layers
        of_values, of_masks, of_pieces = np.split(kernel, [F // 2, F])
        of_values, of_masks = (part * self._read[: F // 2, np.newaxis] for part in (of_values, of_masks))
        of_values = of_values / self._scale[:, np.newaxis]
        folded = np.concatenate([of_values, of_masks - self._mean[:, np.newaxis] * of_values, of_pieces])
        return DenseNetwork(self._encoding, ((folded, bias - _CENTER * of_masks.sum(0)), *rest))


def standardization(features: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation, float32[F / 2], of each value where it is known; 0 and 1 where it never varies."""
    values, masks = np.split(features.astype(np.float64), 2, axis=1)
    count = np.maximum(masks.sum(0), 1)
    mean = (values * masks).sum(0) / count
    deviation = np.sqrt((((values - mean) * masks) ** 2).sum(0) / count)
    constant = deviation < 1e-3
    return np.where(constant, 0, mean).astype(np.float32), np.where(constant, 1, deviation).astype(np.float32)
