"""Several fitted networks as one in a graph: a few wide operations cost a request less than many narrow ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import F
from contracts.model import CLASSES
from training.dense import DenseNetwork, Floats
from training.encoding import Encoding

_ALL = np.ones(F, np.float32)
_WIDE = 1e6
"""A bound that no element of the tensor reaches."""


class NetworkStack(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Networks of equally many layers, side by side in one whose blocks see nothing of each other.

    `read` float32[F]: 0 for columns that count as unknown. `inverse`: what the logits of the classes are multiplied by.
    Only what some network reads is gathered, all of it at once, from the transposed tensor: there a column is one piece
    of memory. One more row is 1 for every account and carries the first layer's bias, since TensorFlow multiplies and
    adds in one operation that takes twice as long for many accounts. The kernels are variables, so that a SavedModel
    holds them once, however many functions use them.
    """

    def __init__(self, networks: Sequence[DenseNetwork], read: Floats = _ALL, inverse: float = 1.0) -> None:
        super().__init__()
        self.size, self.width = len(networks), networks[0].layers[-1][1].shape[0]
        encoding, (kernel, bias) = _together(networks)
        kernel[:F] *= read[:, np.newaxis]
        used = np.flatnonzero(kernel[:F].any(1))
        self._columns = np.concatenate([used, encoding.columns, [0]]).astype(np.int32)
        # (lower bound, what is taken from the value, upper bound) of what is read as it is, of pieces, and of the 1.
        self._floor, self._low, self._most = (
            np.concatenate([np.full(len(used), whole), pieces, [one]]).astype(np.float32)[:, np.newaxis]
            for whole, pieces, one in (
                (-_WIDE, np.zeros_like(encoding.low), 1),
                (0, encoding.low, 0),
                (_WIDE, encoding.width, 1),
            )
        )
        self._first = _constant(np.concatenate([kernel[used], kernel[F:], bias[np.newaxis]]))
        layers = [
            (_blocks([kernel for kernel, _ in level]), np.concatenate([bias for _, bias in level]))
            for level in zip(*(network.layers[1:] for network in networks), strict=True)
        ]
        of_classes = np.where(np.arange(self.size * self.width) % self.width < len(CLASSES), inverse, 1)
        kernel, bias = layers[-1]
        layers[-1] = (kernel * of_classes, bias * of_classes)
        self._rest = [(_constant(kernel), bias.astype(np.float32)) for kernel, bias in layers]

    def outputs(self, features: Any) -> Any:
        """features float32[n, F] -> float32[n, networks * (4 + s)], one network behind the other."""
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> Any:
        """features float32[n, F] -> what the first layer makes of them, float32[n, h]."""
        x = tf.gather(tf.transpose(features), self._columns) - self._low
        return tf.matmul(tf.minimum(tf.maximum(x, self._floor), self._most), self._first, transpose_a=True)

    def conclude(self, entered: Any) -> Any:
        """What `enter` gave, float32[n, h] -> the outputs."""
        x = entered
        for kernel, bias in self._rest:
            x = tf.nn.bias_add(tf.matmul(x * tf.sigmoid(x), kernel), bias)
        return x


def _together(networks: Sequence[DenseNetwork]) -> tuple[Encoding, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """One encoding of all their pieces, each once, and the first layer that reads features and its rises."""
    tables = [np.stack([each.encoding.columns, each.encoding.low, each.encoding.width], 1) for each in networks]
    pieces, places = np.unique(np.concatenate(tables), axis=0, return_inverse=True)
    encoding = Encoding(pieces[:, 0].astype(np.int32), pieces[:, 1].astype(np.float32), pieces[:, 2].astype(np.float32))
    kernels, biases, start = [], [], 0
    for network, table in zip(networks, tables, strict=True):
        kernel, bias = network.encoding.folded(*network.layers[0])
        whole = np.zeros((F + len(pieces), kernel.shape[1]))
        whole[:F] = kernel[:F]
        np.add.at(whole, F + places.reshape(-1)[start : start + len(table)], kernel[F:])
        kernels.append(whole)
        biases.append(bias)
        start += len(table)
    return encoding, (np.concatenate(kernels, 1), np.concatenate(biases))


def _constant(numbers: NDArray[np.float64]) -> Any:
    return tf.Variable(numbers.astype(np.float32), trainable=False)


def _blocks(kernels: Sequence[Floats]) -> NDArray[np.float64]:
    """The kernels along the diagonal, zeros elsewhere."""
    blocks = np.zeros((sum(each.shape[0] for each in kernels), sum(each.shape[1] for each in kernels)))
    row = column = 0
    for each in kernels:
        blocks[row : row + each.shape[0], column : column + each.shape[1]] = each
        row, column = row + each.shape[0], column + each.shape[1]
    return blocks
