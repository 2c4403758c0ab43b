"""Integrated gradients inside the graph (Sundararajan et al., ICML 2017): which input moved which probability.

The baseline is an invented account of the same platform of which nothing else is known: all zeros but the platform. The
contributions of an account therefore add up to its probabilities minus those of knowing nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from contracts.features import VALUE_NAMES, F
from contracts.model import CLASSES

_PLATFORM = VALUE_NAMES.index("is_instagram")


def baseline(features: Any) -> Any:
    """float32[n, F]: each row's own platform, the rest unknown."""
    platform = np.zeros(F, np.float32)
    platform[[_PLATFORM, F // 2 + _PLATFORM]] = 1
    return features * platform


def contributions(probabilities: Callable[[Any], Any], features: Any, steps: int) -> Any:
    """float32[n, F, 4], summed over `steps` equal parts of the straight path from the baseline.

    In each part the gradient is taken in the middle. What it leaves of the part's true change (the gate may turn within
    one part) is shared out in proportion to the inputs' own contributions there, so that the sum is complete.
    """
    start = baseline(features)
    way = features - start
    ends = _along(start, way, np.linspace(0, 1, steps + 1))
    reached = tf.reshape(probabilities(ends), [steps + 1, -1, len(CLASSES)])
    change = reached[1:] - reached[:-1]
    middles = _along(start, way, (np.arange(steps) + 0.5) / steps)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(middles)
        predicted = probabilities(middles)
        each = [predicted[:, index] for index in range(len(CLASSES))]
    slopes = tf.stack([tape.gradient(one, middles) for one in each], axis=-1)
    parts = tf.reshape(slopes, [steps, -1, F, len(CLASSES)]) * (way / steps)[tf.newaxis, :, :, tf.newaxis]
    rest = change - tf.reduce_sum(parts, 2)
    sizes = tf.abs(parts) + 1e-12 * tf.abs(way)[tf.newaxis, :, :, tf.newaxis]
    shares = sizes / tf.maximum(tf.reduce_sum(sizes, 2, keepdims=True), 1e-30)
    return tf.reduce_sum(parts + shares * rest[:, :, tf.newaxis], 0)


def _along(start: Any, way: Any, places: Any) -> Any:
    """float32[places * n, F]: the points of every row's path at `places` from 0 to 1."""
    return tf.reshape(
        start[tf.newaxis] + way[tf.newaxis] * places.astype(np.float32)[:, np.newaxis, np.newaxis], [-1, F]
    )
