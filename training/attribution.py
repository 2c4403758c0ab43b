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
    """float32[n, F, 4], by Gauss-Legendre quadrature along the straight path from the baseline."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    along = tf.constant((nodes + 1) / 2, tf.float32)[:, tf.newaxis, tf.newaxis]
    start = baseline(features)
    way = features - start
    points = tf.reshape(start[tf.newaxis] + along * way[tf.newaxis], [-1, F])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(points)
        predicted = probabilities(points)
        each = [predicted[:, index] for index in range(len(CLASSES))]
    slopes = [tf.reshape(tape.gradient(one, points), [steps, -1, F]) for one in each]
    share = tf.constant(weights / 2, tf.float32)
    return tf.stack([tf.tensordot(share, slope, 1) * way for slope in slopes], axis=-1)
