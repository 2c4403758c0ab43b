"""Facts dropped at random in training, so that a missing one says nothing about a class or a collection."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from training.config import FieldDropoutConfig
from training.fields import FIELDS, silence_matrix


class FieldDropout(keras.layers.Layer):  # type: ignore[misc]  # Keras publishes no types.
    """Sets values and masks of dropped fields to 0; does nothing outside training.

    A row stays whole (`untouched`), is cut down to the lite fields (`lite`), or loses each field by the chance `field`
    and each group of fields that one fetch lacks together by the chance `group`.
    """

    def __init__(self, config: FieldDropoutConfig, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._config = config
        self._random = keras.random.SeedGenerator(seed)
        self._matrix = silence_matrix()
        self._groups = np.array([[name in group for name in FIELDS] for group in config.groups], np.float32)
        self._not_lite = np.array([name not in config.lite_fields for name in FIELDS], np.float32)

    def call(self, features: Any, training: bool = False) -> Any:
        """float32[n, F] -> float32[n, F]."""
        if not training:
            return features
        rows = ops.shape(features)[0]
        kind = self._uniform(rows, 1)
        fields = ops.cast(self._uniform(rows, len(FIELDS)) < self._config.field, "float32")
        groups = ops.cast(self._uniform(rows, len(self._groups)) < self._config.group, "float32")
        dropped = fields + ops.matmul(groups, self._groups)
        dropped = ops.where(kind < self._config.untouched, 0.0, dropped)
        dropped = ops.where(kind >= 1 - self._config.lite, self._not_lite, dropped)
        return features * ops.cast(ops.matmul(dropped, self._matrix) < 0.5, "float32")

    def _uniform(self, rows: Any, columns: int) -> Any:
        return keras.random.uniform((rows, columns), seed=self._random)
