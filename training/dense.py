"""A fitted network as plain numbers: what is kept, run outside Keras and written into the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DenseNetwork:
    """`layers`: kernel float32[in, out] and bias float32[out] of each layer; SiLU between them, logits at the end.

    The first kernel reads the feature tensor as it is: standardisation is folded into it.
    """

    layers: tuple[tuple[Floats, Floats], ...]

    def logits(self, features: Floats) -> NDArray[np.float64]:
        """features float32[n, F] -> float64[n, 4]."""
        x = features
        for index, (kernel, bias) in enumerate(self.layers):
            x = x @ kernel + bias
            if index < len(self.layers) - 1:
                x = x / (1 + np.exp(-np.clip(x, -80, 80)))
        return x.astype(np.float64)

    def save(self, path: Path) -> None:
        """Write the numbers to `path`, whole or not at all."""
        draft = path.with_suffix(".draft.npz")
        np.savez(draft, *(part for layer in self.layers for part in layer))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> DenseNetwork:
        """Read what `save` wrote; raises OSError."""
        with np.load(path) as parts:
            arrays = [parts[name] for name in parts.files]
        return cls(tuple(zip(arrays[::2], arrays[1::2], strict=True)))


class NetworkStack:
    """Several networks as one: a few wide operations instead of many narrow ones, which cost a request more.

    Its numbers become constants of whatever graph it is called in.
    """

    def __init__(self, networks: list[DenseNetwork]) -> None:
        depth = len(networks[0].layers)
        if any(len(network.layers) != depth for network in networks):
            raise ValueError("The networks of a stack have equally many layers.")
        self._size = len(networks)
        widths = [max(network.layers[level][1].shape[0] for network in networks) for level in range(depth)]
        inputs = [networks[0].layers[0][0].shape[0], *widths[:-1]]
        kernels = [
            np.stack([_padded(network.layers[level][0], (inputs[level], widths[level])) for network in networks])
            for level in range(depth)
        ]
        biases = [
            np.stack([_padded(network.layers[level][1], (widths[level],)) for network in networks])
            for level in range(depth)
        ]
        self._first = np.concatenate(list(kernels[0]), axis=1)
        self._first_bias = biases[0].reshape(-1)
        self._width = widths[0]
        self._rest = [(kernel, bias[:, np.newaxis]) for kernel, bias in zip(kernels[1:], biases[1:], strict=True)]

    def logits(self, features: Any) -> Any:
        """features float32[n, F] -> float32[networks, n, 4]."""
        x = tf.matmul(features, self._first) + self._first_bias
        x = tf.transpose(tf.reshape(x, [-1, self._size, self._width]), [1, 0, 2])
        for kernel, bias in self._rest:
            x = tf.matmul(x * tf.sigmoid(x), kernel) + bias
        return x


def _padded(part: Floats, shape: tuple[int, ...]) -> Floats:
    """`part` with zeros up to `shape`; a unit of zeros adds nothing, as SiLU(0) = 0."""
    whole = np.zeros(shape, np.float32)
    whole[tuple(slice(size) for size in part.shape)] = part
    return whole
