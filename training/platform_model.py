"""What is learned for one platform, as a TensorFlow module: networks, calibration, familiarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from training.calibration import Calibration
from training.familiarity import Familiarity


class PlatformModel(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Callable on features float32[n, F]; holds only weights and statistics."""

    def __init__(self, members: Sequence[Any], calibration: Calibration, familiarity: Familiarity) -> None:
        super().__init__()
        self.members = list(members)
        self._sharpness = tf.constant(calibration.sharpness, tf.float32)
        self._offsets = tf.constant(calibration.offsets, tf.float32)
        self._mean = tf.constant(familiarity.mean)
        self._inverse_scale = tf.constant(1 / familiarity.scale)
        self._near, self._far = familiarity.near, familiarity.far

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], calibrated."""
        logits = tf.add_n([member(features, training=False) for member in self.members]) / len(self.members)
        return tf.nn.softmax(logits * self._sharpness + self._offsets)

    def familiarity(self, features: Any) -> Any:
        """float32[n] from 0 (foreign) to 1 (like the training data)."""
        values, masks = tf.split(features, 2, axis=1)
        scores = tf.clip_by_value((values - self._mean) * self._inverse_scale, -10, 10) * masks
        distance = tf.reduce_sum(scores * scores, 1) / tf.maximum(tf.reduce_sum(masks, 1), 1)
        return tf.clip_by_value((self._far - distance) / (self._far - self._near), 0, 1)


def mean_logits(members: Sequence[Any], features: Any) -> Any:
    """float64[n, 4] of the members, before calibration."""
    return np.mean(
        [member.predict(features, batch_size=8192, verbose=0) for member in members], axis=0, dtype=np.float64
    )
