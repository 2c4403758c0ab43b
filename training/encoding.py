"""Piecewise linear encoding of numbers (Gorishniy et al., NeurIPS 2022): lets a dense network bend where data do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import F

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoding:
    """p pieces: piece i of column `columns[i]` rises from -1 to 1 over `low[i]` to `low[i] + width[i]`.

    A piece of an unknown value is 0. The bounds are quantiles of the training rows.
    """

    columns: NDArray[np.int32]
    low: Floats
    width: Floats

    @classmethod
    def learn(cls, features: Floats, columns: NDArray[np.int64], bins: int) -> Encoding:
        """At most `bins` pieces for each of `columns` (values, not masks) of at least four distinct quantiles."""
        pieces: list[tuple[int, float, float]] = []
        for column in columns if bins else ():
            values = features[features[:, F // 2 + column] > 0, column]
            bounds = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1))) if len(values) else values
            if len(bounds) >= 4:
                pieces.extend((int(column), low, high - low) for low, high in pairwise(bounds))
        table = np.array(pieces, np.float32).reshape(-1, 3)
        return cls(table[:, 0].astype(np.int32), table[:, 1], np.maximum(table[:, 2], 1e-3))

    def pieces(self, features: Floats) -> Floats:
        """float32[n, F] -> float32[n, p]."""
        position = np.clip((features[:, self.columns] - self.low) / self.width, 0, 1)
        encoded: Floats = (position * 2 - 1) * features[:, self.columns + F // 2]
        return encoded

    def in_graph(self, features: Any) -> Any:
        """The same as `pieces`, as operations of a graph."""
        # Transposed, a column is one piece of memory: to gather hundreds of them so takes a fifth of the time.
        columns = tf.transpose(features)
        values, masks = (tf.transpose(tf.gather(columns, each)) for each in (self.columns, self.columns + F // 2))
        return (tf.clip_by_value((values - self.low) * (1 / self.width), 0, 1) * 2 - 1) * masks

    def folded(self, kernel: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """A layer of features and pieces, kernel float32[F + p, k] and bias float32[k], as one of features and rises.

        A rise is how far a value rose within a piece, from 0 to its `width`, which takes fewer operations. An unknown
        value is 0 in the tensor; what its pieces then rise to is taken back through its mask.
        """
        of_features, of_pieces = np.split(kernel.astype(np.float64), [F])
        unknown = np.clip(-self.low.astype(np.float64) / self.width, 0, 1)[:, np.newaxis] * 2 - 1
        np.add.at(of_features, self.columns + F // 2, of_pieces * unknown)
        offsets = bias - (of_pieces * (1 + unknown)).sum(0)
        of_rises = 2 * of_pieces / self.width[:, np.newaxis]
        return np.concatenate([of_features, of_rises]).astype(np.float32), offsets.astype(np.float32)
