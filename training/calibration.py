"""Temperature and class offsets that make probabilities mean what they say; they become constants of the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """probabilities = softmax(logits * sharpness + offsets); the offsets hold the class shares of the fitted rows."""

    sharpness: float
    offsets: NDArray[np.float32]

    def apply(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """float[n, 4] -> probabilities float[n, 4]."""
        return softmax(logits * self.sharpness + self.offsets)


def calibrate(
    logits: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64], steps: int = 600
) -> Calibration:
    """Minimise the log loss over rows that the network did not learn from (vector scaling: Guo et al., ICML 2017).

    `weights` of the rows, mean 1, are those under which the probabilities are to hold.
    A small pull towards no change keeps a class without rows in its place.
    """
    targets = np.eye(logits.shape[1])[labels]
    parameters = np.zeros(1 + logits.shape[1])  # The logarithm of the sharpness, then the offsets.
    momentum, spread = np.zeros_like(parameters), np.zeros_like(parameters)
    for step in range(1, steps + 1):
        sharpness = np.exp(parameters[0])
        error = (softmax(logits * sharpness + parameters[1:]) - targets) * (weights / len(labels))[:, np.newaxis]
        gradient = np.concatenate([[(error * logits).sum() * sharpness], error.sum(0)]) + 1e-3 * parameters
        momentum = 0.9 * momentum + 0.1 * gradient
        spread = 0.99 * spread + 0.01 * gradient**2
        parameters = parameters - 0.02 * (momentum / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-8)
    offsets = parameters[1:] - parameters[1:].mean()
    return Calibration(float(np.exp(parameters[0])), offsets.astype(np.float32))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis."""
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    shares: NDArray[np.float64] = exponentials / exponentials.sum(-1, keepdims=True)
    return shares
