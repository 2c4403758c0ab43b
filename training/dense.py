"""A fitted network as plain numbers: what is kept, run outside Keras and written into the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.encoding import Encoding

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DenseNetwork:
    """`layers`: kernel float32[in, out] and bias float32[out] of each layer; SiLU between them, logits at the end.

    The first kernel reads the feature tensor as it is, standardisation folded into it, and behind it the pieces of
    `encoding`.
    """

    encoding: Encoding
    layers: tuple[tuple[Floats, Floats], ...]

    def logits(self, features: Floats) -> NDArray[np.float64]:
        """features float32[n, F] -> float64[n, 4]."""
        x = np.concatenate([features, self.encoding.pieces(features)], axis=1)
        for index, (kernel, bias) in enumerate(self.layers):
            x = x @ kernel + bias
            if index < len(self.layers) - 1:
                x = x / (1 + np.exp(-np.clip(x, -80, 80)))
        return x.astype(np.float64)

    def save(self, path: Path) -> None:
        """Write the numbers to `path`, whole or not at all."""
        draft = path.with_suffix(".draft.npz")
        encoding = (self.encoding.columns, self.encoding.low, self.encoding.width)
        np.savez(draft, *encoding, *(part for layer in self.layers for part in layer))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> DenseNetwork:
        """Read what `save` wrote; raises OSError."""
        with np.load(path) as parts:
            columns, low, width, *arrays = [parts[name] for name in parts.files]
        return cls(Encoding(columns, low, width), tuple(zip(arrays[::2], arrays[1::2], strict=True)))


class NetworkStack(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Several networks of one shape as one: a few wide operations cost a request less than many narrow ones.

    The networks share the encoding of the first. The kernels are variables, so that a SavedModel holds them once,
    however many functions use them.
    """

    def __init__(self, networks: Sequence[DenseNetwork]) -> None:
        super().__init__()
        self._encoding = networks[0].encoding
        self._size, self._width = len(networks), networks[0].layers[0][1].shape[0]
        levels = zip(*(network.layers for network in networks), strict=True)
        stacked = [tuple(np.stack(parts) for parts in zip(*level, strict=True)) for level in levels]
        self._first = tf.Variable(np.concatenate(list(stacked[0][0]), axis=1), trainable=False)
        self._first_bias = stacked[0][1].reshape(-1)
        self._rest = [(tf.Variable(kernel, trainable=False), bias[:, np.newaxis]) for kernel, bias in stacked[1:]]

    def logits(self, features: Any) -> Any:
        """features float32[n, F] -> float32[networks, n, 4]."""
        x = features
        if len(self._encoding.columns):
            x = tf.concat([x, self._encoding.in_graph(features)], 1)
        x = tf.matmul(x, self._first) + self._first_bias
        x = tf.transpose(tf.reshape(x, [-1, self._size, self._width]), [1, 0, 2])
        for kernel, bias in self._rest:
            x = tf.matmul(x * tf.sigmoid(x), kernel) + bias
        return x
