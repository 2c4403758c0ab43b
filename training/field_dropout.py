"""Facts dropped at random in training, so that a missing one says nothing about a class or a collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from training.fields import silenced


class FieldDropout(keras.layers.Layer):  # type: ignore[misc]  # Keras publishes no types.
    """Sets values and masks of dropped fields to 0; does nothing outside training.

    A row stays whole by the chance `untouched`; otherwise it loses each of `groups` by a chance that is drawn for the
    row from 0 to `dropped`, so that rows with little missing and with much are both seen.
    """

    def __init__(
        self, groups: Sequence[Sequence[str]], untouched: float, dropped: float, seed: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._untouched, self._dropped = untouched, dropped
        self._random = keras.random.SeedGenerator(seed)
        self._silenced = np.stack([silenced(group) for group in groups]).astype(np.float32)

    def call(self, features: Any, training: bool = False) -> Any:
        """float32[n, F] -> float32[n, F]."""
        if not training:
            return features
        rows = ops.shape(features)[0]
        chance = self._dropped * self._uniform(rows, 1)
        chance = ops.where(self._uniform(rows, 1) < self._untouched, 0.0, chance)
        lost = ops.cast(self._uniform(rows, len(self._silenced)) < chance, "float32")
        return features * ops.cast(ops.matmul(lost, self._silenced) < 0.5, "float32")

    def _uniform(self, rows: Any, columns: int) -> Any:
        return keras.random.uniform((rows, columns), seed=self._random)
