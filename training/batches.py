"""Training rows in batches, all draws fixed beforehand, so that a seed fixes them whatever the threads do."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from contracts.model import CLASSES
from training.balancing import draw_chances, row_weights
from training.config import ExpertConfig
from training.dataset import Dataset
from training.disguises import Disguises


def draw_batches(dataset: Dataset, expert: ExpertConfig, disguises: Disguises, seed: int) -> Any:
    """A tf.data.Dataset of (features, one-hot labels, row weights), one element a batch, enough for every epoch."""
    random = np.random.default_rng(seed)
    chances = draw_chances(dataset.labels, dataset.sources, expert)
    shape = (expert.epochs * expert.batches, expert.batch_size)
    rows = random.choice(len(dataset), shape, p=chances).astype(np.int32)
    features = tf.constant(dataset.features)
    labels = tf.one_hot(dataset.labels, len(CLASSES))
    weights = tf.constant(row_weights(dataset.labels, dataset.sources, expert), tf.float32)

    def take(index: Any, drawn: Any) -> tuple[Any, Any, Any]:
        of_rows = tf.gather(labels, drawn)
        seeds = tf.stack([tf.cast(index, tf.int32), seed])
        return disguises.apply(tf.gather(features, drawn), of_rows, seeds), of_rows, tf.gather(weights, drawn)

    return tf.data.Dataset.from_tensor_slices(rows).enumerate().map(take).prefetch(2)
