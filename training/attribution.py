"""Integrated gradients inside the graph (Sundararajan et al., ICML 2017): which input moved which probability.

The baseline is an invented account of the same platform of which nothing else is known: all zeros but the platform. The
contributions of an account therefore add up to its probabilities minus those of knowing nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from contracts.features import VALUE_NAMES, F
from contracts.model import CLASSES

_PLATFORM = VALUE_NAMES.index("is_instagram")
_FREE = len(CLASSES) - 1
"""The classes but the last, whose probability is what the others leave."""


class Explainable(Protocol):
    """A model whose first layers, by far the widest, can be asked apart from the rest."""

    def enter(self, features: Any) -> Any:
        """float32[n, F] -> a nest of tensors float32[n, ...]."""

    def conclude(self, entered: Any) -> tuple[Any, Any]:
        """That nest -> probabilities float32[n, 4] and familiarity float32[n]."""


def baseline(features: Any) -> Any:
    """float32[n, F]: each row's own platform, the rest unknown."""
    platform = np.zeros(F, np.float32)
    platform[[_PLATFORM, F // 2 + _PLATFORM]] = 1
    return features * platform


def explained(model: Explainable, features: Any, steps: int) -> tuple[Any, Any, Any]:
    """Probabilities float32[n, 4], familiarity float32[n] and contributions float32[n, F, 4].

    The contributions are summed over `steps` equal parts of the straight path from the baseline. In each part the
    gradient is taken in the middle. What it leaves of the part's true change (the gate may turn within one part) is
    shared out in proportion to the inputs' own contributions there, so that the sum is complete.
    """
    start = baseline(features)
    way = features - start
    ends, middles = np.linspace(0, 1, steps + 1), (np.arange(steps) + 0.5) / steps
    entered = model.enter(_on_path(start, way, [*ends, *middles]))
    # One backward pass does for all classes but the last: each has its own copy of the middles, of which only that
    # class is differentiated. The copies begin behind the first layers, which are most of the work.
    places = [*range(steps + 1), *(_FREE * list(range(steps + 1, 2 * steps + 1)))]
    own = np.repeat(np.eye(_FREE, len(CLASSES), dtype=np.float32), steps, axis=0)
    own = np.concatenate([np.zeros((steps + 1, len(CLASSES)), np.float32), own])[:, np.newaxis]
    copied = tf.nest.map_structure(lambda each: _picked(each, places, 2 * steps + 1), entered)
    with tf.GradientTape() as tape:
        tape.watch(copied)
        predicted, familiarity = model.conclude(copied)
        reached = tf.reshape(predicted, [len(places), -1, len(CLASSES)])
        differentiated = tf.reduce_sum(reached * own)
    behind = tape.gradient(differentiated, copied, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    behind = tf.nest.map_structure(lambda each: _picked(each, range(steps + 1, len(places)), len(places)), behind)
    points = _on_path(start, way, _FREE * [*middles])
    with tf.GradientTape() as tape:
        tape.watch(points)
        entered = model.enter(points)
    slopes = tf.reshape(tape.gradient(entered, points, output_gradients=behind), [_FREE, steps, -1, F])
    parts = slopes * (way / steps)
    # All probabilities together stay 1.
    parts = tf.concat([parts, -tf.reduce_sum(parts, 0, keepdims=True)], 0)
    change = tf.transpose(reached[1 : steps + 1] - reached[:steps], [2, 0, 1])
    rest = change - tf.reduce_sum(parts, 3)
    sizes = tf.abs(parts) + 1e-12 * tf.abs(way)
    shares = sizes / tf.maximum(tf.reduce_sum(sizes, 3, keepdims=True), 1e-30)
    moved = tf.transpose(tf.reduce_sum(parts + shares * rest[:, :, :, tf.newaxis], 1), [1, 2, 0])
    # The path ends at the account itself.
    return reached[steps], tf.reshape(familiarity, [len(places), -1])[steps], moved


def _on_path(start: Any, way: Any, places: Sequence[float]) -> Any:
    """float32[places * n, F]: where the rows are after these shares of their way."""
    shares = np.array(places, np.float32)[:, np.newaxis, np.newaxis]
    return tf.reshape(start + way * shares, [-1, F])


def _picked(rows: Any, places: Sequence[int], of: int) -> Any:
    """Of a tensor float32[of * n, k] the rows at `places`, float32[places * n, k]."""
    width = rows.shape[1]
    return tf.reshape(tf.gather(tf.reshape(rows, [of, -1, width]), list(places)), [-1, width])
