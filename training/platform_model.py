"""What is learned for one platform, as operations of a graph: networks, calibration, familiarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from training.calibration import Calibration
from training.dense import DenseNetwork, NetworkStack
from training.familiarity import Familiarity


class PlatformModel:
    """Callable on features float32[n, F]; holds only weights and statistics."""

    def __init__(self, members: Sequence[DenseNetwork], calibration: Calibration, familiarity: Familiarity) -> None:
        self._members = NetworkStack(list(members))
        self._sharpness, self._offsets = calibration.sharpness, calibration.offsets
        self._mean, self._inverse_scale = familiarity.mean, 1 / familiarity.scale
        self._near, self._far = familiarity.near, familiarity.far

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], calibrated."""
        logits = tf.reduce_mean(self._members.logits(features), 0)
        return tf.nn.softmax(logits * self._sharpness + self._offsets)

    def familiarity(self, features: Any) -> Any:
        """float32[n] from 0 (foreign) to 1 (like the training data)."""
        values, masks = tf.split(features, 2, axis=1)
        scores = tf.clip_by_value((values - self._mean) * self._inverse_scale, -10, 10) * masks
        distance = tf.reduce_sum(scores * scores, 1) / tf.maximum(tf.reduce_sum(masks, 1), 1)
        return tf.clip_by_value((self._far - distance) / (self._far - self._near), 0, 1)
