"""Training rows in batches, all draws made beforehand, so that a seed fixes them whatever the threads do."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from contracts.model import CLASSES
from training.balancing import draw_chances, row_weights
from training.config import ExpertConfig
from training.dataset import Dataset


def draw_batches(dataset: Dataset, expert: ExpertConfig, seed: int) -> Any:
    """A tf.data.Dataset of (features, one-hot labels, row weights), one element a batch, enough for every epoch."""
    random = np.random.default_rng(seed)
    chances = draw_chances(dataset.labels, dataset.sources, expert)
    shape = (expert.epochs * expert.batches, expert.batch_size)
    rows = random.choice(len(dataset), shape, p=chances).astype(np.int32)
    features = tf.constant(dataset.features)
    labels = tf.one_hot(dataset.labels, len(CLASSES))
    weights = tf.constant(row_weights(dataset.labels, dataset.sources, expert), tf.float32)

    def take(drawn: Any) -> tuple[Any, Any, Any]:
        return tf.gather(features, drawn), tf.gather(labels, drawn), tf.gather(weights, drawn)

    return tf.data.Dataset.from_tensor_slices(rows).map(take).prefetch(2)
