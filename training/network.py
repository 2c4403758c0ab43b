"""The dense Keras network of one platform."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from contracts.features import F
from contracts.model import CLASSES
from training.config import FieldDropoutConfig, NetworkConfig
from training.dense import DenseNetwork
from training.field_dropout import FieldDropout

_CENTER = 0.5
"""A mask enters the first layer as -0.5 or 0.5."""


def build(features: NDArray[np.float32], network: NetworkConfig, dropout: FieldDropoutConfig, seed: int) -> Any:
    """A keras.Model from float32[n, F] to logits float32[n, 4].

    The mean and scale of each value over the rows of `features` that know it become constants of the graph; an unknown
    value enters as 0, which is then the mean. SiLU keeps the path of the integrated gradients smooth.
    """
    mean, scale = standardization(features)
    values = F // 2
    inputs = keras.Input((F,), name="features")
    known = FieldDropout(dropout, seed)(inputs)
    masks = known[:, values:]
    x = (known[:, :values] - masks * mean) / scale
    x = keras.layers.Concatenate(name="standardized")([x, masks - _CENTER])
    x = keras.layers.GaussianNoise(network.noise, seed=seed)(x)
    for index, units in enumerate(network.hidden):
        kernel = keras.initializers.HeNormal(seed=seed + index)
        x = keras.layers.Dense(units, activation="silu", kernel_initializer=kernel)(x)
        x = keras.layers.Dropout(network.dropout, seed=seed + index)(x)
    logits = keras.layers.Dense(
        len(CLASSES), kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="logits"
    )(x)
    return keras.Model(inputs, logits)


def to_dense(model: Any, features: NDArray[np.float32]) -> DenseNetwork:
    """The fitted `model` of `build`, called with the same `features`, with its standardisation folded into it."""
    mean, scale = standardization(features)
    layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            weights, offsets = layer.get_weights()
            layers.append((np.asarray(weights, np.float32), np.asarray(offsets, np.float32)))
    (kernel, bias), *rest = layers
    of_values, of_masks = np.split(kernel, 2)
    of_values = of_values / scale[:, np.newaxis]
    folded = np.concatenate([of_values, of_masks - mean[:, np.newaxis] * of_values])
    return DenseNetwork(((folded, bias - _CENTER * of_masks.sum(0)), *rest))


def standardization(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation, float32[F / 2], of each value where it is known; 0 and 1 where it never varies."""
    values, masks = np.split(features.astype(np.float64), 2, axis=1)
    count = np.maximum(masks.sum(0), 1)
    mean = (values * masks).sum(0) / count
    deviation = np.sqrt((((values - mean) * masks) ** 2).sum(0) / count)
    constant = deviation < 1e-3
    return np.where(constant, 0, mean).astype(np.float32), np.where(constant, 1, deviation).astype(np.float32)
