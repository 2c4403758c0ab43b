"""What is learned for one platform, as operations of a graph: two kinds of networks and the gate between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.calibration import Calibration
from training.dense import DenseNetwork, NetworkStack
from training.gate import Gate


class Expert(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Networks of one kind, whose logits are averaged, and their calibration."""

    def __init__(self, networks: Sequence[DenseNetwork], calibration: Calibration) -> None:
        super().__init__()
        self._networks = NetworkStack(networks)
        self._calibration = calibration

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4]."""
        logits = tf.reduce_mean(self._networks.logits(features), 0)
        return tf.nn.softmax(logits * self._calibration.sharpness + self._calibration.offsets)


class PlatformModel(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Callable on features float32[n, F].

    `read` float32[F]: 1 for the columns of the tensor that are inputs, 0 for those some class was never seen with.
    """

    def __init__(self, read: NDArray[np.float32], close: Expert, general: Expert, gate: Gate) -> None:
        super().__init__()
        self._read, self._close, self._general, self._gate = read, close, general, gate

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], calibrated."""
        return self.answer(features)[0]

    def answer(self, features: Any) -> tuple[Any, Any]:
        """Probabilities float32[n, 4] and familiarity float32[n] from 0 to 1: open gate and usual account."""
        seen = features * self._read
        opening, usual = self._gate.opening(seen)
        share = opening[:, tf.newaxis]
        mixed = share * self._close.probabilities(seen) + (1 - share) * self._general.probabilities(seen)
        return mixed, usual * (1 + opening) / 2
