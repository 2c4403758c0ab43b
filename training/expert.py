"""One kind of network of a platform, as operations of a graph: what its members answer together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import F
from contracts.model import CLASSES
from training.calibration import Calibration, softmax
from training.dense import DenseNetwork
from training.stack import NetworkStack

LEAST = 1e-7
"""Added to a probability before its logarithm is taken."""

_ALL = np.ones(F, np.float32)


class Expert(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Networks whose probabilities at `temperature` are averaged, and a calibration.

    `classes` int[s]: the class of each source that the networks name, empty where they name none. `read` float32[F]: 0
    for columns that count as unknown.
    """

    def __init__(
        self,
        networks: Sequence[DenseNetwork],
        temperature: float,
        calibration: Calibration | None,
        classes: Sequence[int] = (),
        read: NDArray[np.float32] = _ALL,
    ) -> None:
        super().__init__()
        depths = sorted({len(network.layers) for network in networks})
        self._stacks = [
            NetworkStack([network for network in networks if len(network.layers) == depth], read, 1 / temperature)
            for depth in depths
        ]
        self._alone = len(networks) == 1
        self._calibration = calibration
        self._membership = np.eye(len(CLASSES), dtype=np.float32)[list(classes)]

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4]."""
        return self.witness(features)[0]

    def witness(self, features: Any) -> tuple[Any, Any]:
        """Probabilities float32[n, 4] and evidence float32[n, e] of how well the networks know such an account.

        The evidence: log sum of the classes' exponentials, negative entropy of the classes; and where sources are
        named, the same of the sources, and how far classes and sources agree (Bhattacharyya). Without sources e is 2.
        """
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> tuple[Any, ...]:
        """What the first layers make of features float32[n, F], float32[n, h] for each stack."""
        return tuple(stack.enter(features) for stack in self._stacks)

    def conclude(self, entered: Sequence[Any]) -> tuple[Any, Any]:
        """What `enter` gave -> probabilities and evidence, as `witness`."""
        outputs = self._outputs(entered)
        mean, logarithms, evidence = self._certainty(outputs[..., : len(CLASSES)])
        if len(self._membership):
            sources, _, of_sources = self._certainty(outputs[..., len(CLASSES) :])
            shared = tf.sqrt(mean * tf.matmul(sources, self._membership) + LEAST)
            evidence += [*of_sources, tf.reduce_sum(shared, 1, keepdims=True)]
        return self._calibrated(mean, logarithms), tf.concat(evidence, 1)

    def _outputs(self, entered: Sequence[Any]) -> Any:
        """float32[n, 4 + s] of one network, float32[n, networks, 4 + s] of several."""
        if self._alone:
            return self._stacks[0].conclude(entered[0])
        outputs = [
            tf.reshape(stack.conclude(each), [-1, stack.size, stack.width])
            for stack, each in zip(self._stacks, entered, strict=True)
        ]
        return tf.concat(outputs, 1) if len(outputs) > 1 else outputs[0]

    def _certainty(self, logits: Any) -> tuple[Any, Any, list[Any]]:
        """Mean probabilities, their logarithms, and [log sum of exponentials, negative entropy], float32[n, 1] each.

        The sum follows from the top logit and its probability, in fewer operations than from all; of several networks
        it is the mean of theirs.
        """
        chances = tf.nn.softmax(logits)
        tops = [tf.reduce_max(each, -1, keepdims=True) for each in (logits, chances)]
        mass = tops[0] - tf.math.log(tops[1])
        if not self._alone:
            chances, mass = tf.reduce_mean(chances, 1), tf.reduce_mean(mass, 1)
        logarithms = tf.math.log(chances + LEAST)
        return chances, logarithms, [mass, tf.reduce_sum(chances * logarithms, 1, keepdims=True)]

    def _calibrated(self, mean: Any, logarithms: Any) -> Any:
        if self._calibration is None:
            return mean
        return tf.nn.softmax(logarithms * self._calibration.sharpness + self._calibration.offsets)


def mean_logits(networks: Sequence[DenseNetwork], features: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[n, 4]: the logarithms that an Expert of `networks` at temperature 1 calibrates."""
    mean: NDArray[np.float64] = np.mean([softmax(network.logits(features)) for network in networks], axis=0)
    return np.log(mean + LEAST)
