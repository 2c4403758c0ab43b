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


def explained(answer: Callable[[Any], tuple[Any, Any]], features: Any, steps: int) -> tuple[Any, Any, Any]:
    """Probabilities float32[n, 4], familiarity float32[n] and contributions float32[n, F, 4].

    `answer` gives the first two of float32[n, F]. The contributions are summed over `steps` equal parts of the straight
    path from the baseline. In each part the gradient is taken in the middle. What it leaves of the part's true change
    (the gate may turn within one part) is shared out in proportion to the inputs' own contributions there, so that the
    sum is complete.
    """
    start = baseline(features)
    way = features - start
    # One forward and one backward pass do for all: every class has its own copy of the middles, of which only that
    # class is differentiated. For one account the number of operations counts, not their size.
    middles = (np.arange(steps) + 0.5) / steps
    places = np.concatenate([np.linspace(0, 1, steps + 1), *[middles] * len(CLASSES)]).astype(np.float32)
    own = np.repeat(np.eye(len(CLASSES), dtype=np.float32), steps, axis=0)
    own = np.concatenate([np.zeros((steps + 1, len(CLASSES)), np.float32), own])[:, np.newaxis]
    points = tf.reshape(start + way * places[:, np.newaxis, np.newaxis], [-1, F])
    with tf.GradientTape() as tape:
        tape.watch(points)
        predicted, familiarity = answer(points)
        reached = tf.reshape(predicted, [len(places), -1, len(CLASSES)])
        differentiated = tf.reduce_sum(reached * own)
    slopes = tf.reshape(tape.gradient(differentiated, points), [len(places), -1, F])[steps + 1 :]
    parts = tf.reshape(slopes * (way / steps), [len(CLASSES), steps, -1, F])
    change = tf.transpose(reached[1 : steps + 1] - reached[:steps], [2, 0, 1])
    rest = change - tf.reduce_sum(parts, 3)
    sizes = tf.abs(parts) + 1e-12 * tf.abs(way)
    shares = sizes / tf.maximum(tf.reduce_sum(sizes, 3, keepdims=True), 1e-30)
    moved = tf.transpose(tf.reduce_sum(parts + shares * rest[:, :, :, tf.newaxis], 1), [1, 2, 0])
    # The path ends at the account itself.
    return reached[steps], tf.reshape(familiarity, [len(places), -1])[steps], moved
