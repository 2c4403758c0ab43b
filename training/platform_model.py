"""What is learned for one platform, as operations of a graph: two kinds of networks and the gate between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.calibration import Calibration, softmax
from training.config import MixtureConfig
from training.dense import DenseNetwork, NetworkStack
from training.gate import Gate

LEAST = 1e-7
"""Added to a probability before its logarithm is taken."""


class Expert(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Networks, those of one shape together, whose probabilities at `temperature` are averaged, and a calibration."""

    def __init__(
        self, shapes: Sequence[Sequence[DenseNetwork]], temperature: float, calibration: Calibration | None
    ) -> None:
        super().__init__()
        self._stacks = [NetworkStack(networks) for networks in shapes]
        self._inverse = 1 / temperature
        self._calibration = calibration

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4]."""
        each = [tf.nn.softmax(stack.logits(features) * self._inverse) for stack in self._stacks]
        mean = tf.reduce_mean(tf.concat(each, 0), 0)
        if self._calibration is None:
            return mean
        return tf.nn.softmax(tf.math.log(mean + LEAST) * self._calibration.sharpness + self._calibration.offsets)


def mean_logits(networks: Sequence[DenseNetwork], features: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[n, 4]: the logarithms that an Expert of `networks` at temperature 1 calibrates."""
    mean: NDArray[np.float64] = np.mean([softmax(network.logits(features)) for network in networks], axis=0)
    return np.log(mean + LEAST)


class PlatformModel(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Callable on features float32[n, F].

    `read` float32[F]: 1 for the columns of the tensor that are inputs, 0 for those some class was never seen with.
    """

    def __init__(
        self, read: NDArray[np.float32], close: Expert, general: Expert, gate: Gate, mixture: MixtureConfig
    ) -> None:
        super().__init__()
        self._read, self._close, self._general, self._gate, self._mixture = read, close, general, gate, mixture

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], calibrated."""
        return self.answer(features)[0]

    def answer(self, features: Any) -> tuple[Any, Any]:
        """Probabilities float32[n, 4] and familiarity float32[n] from 0 to 1: open gate and usual account."""
        seen = features * self._read
        opening, usual = self._gate.opening(seen)
        share = opening[:, tf.newaxis]
        mixed = share * self._close.probabilities(seen) + (1 - share) * self._general.probabilities(seen)
        if (self._mixture.sharpness, self._mixture.familiar_sharpness) != (1, 0):
            power = self._mixture.sharpness + self._mixture.familiar_sharpness * share
            mixed = tf.nn.softmax(tf.math.log(mixed + LEAST) * power)
        return mixed, usual * (1 + opening) / 2
