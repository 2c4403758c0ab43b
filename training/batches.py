"""Training rows in batches, all draws fixed beforehand, so that a seed fixes them whatever the threads do."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.model import CLASSES
from training.balancing import draw_chances, row_weights
from training.config import ExpertConfig
from training.dataset import Dataset
from training.disguises import Disguises


def draw_batches(
    dataset: Dataset, targets: NDArray[np.float32], expert: ExpertConfig, disguises: Disguises, seed: int
) -> Any:
    """A tf.data.Dataset of (features, targets, row weights), one element a batch, enough for every epoch.

    `targets` float32[n, 4 + s] begin with the one-hot classes.
    """
    random = np.random.default_rng(seed)
    chances = draw_chances(dataset.labels, dataset.sources, expert)
    shape = (expert.epochs * expert.batches, expert.batch_size)
    rows = random.choice(len(dataset), shape, p=chances).astype(np.int32)
    features = tf.constant(dataset.features)
    wanted = tf.constant(targets)
    weights = tf.constant(row_weights(dataset.labels, dataset.sources, expert), tf.float32)

    def take(index: Any, drawn: Any) -> tuple[Any, Any, Any]:
        of_rows = tf.gather(wanted, drawn)
        seeds = tf.stack([tf.cast(index, tf.int32), seed])
        return (
            disguises.apply(tf.gather(features, drawn), of_rows[:, : len(CLASSES)], seeds),
            of_rows,
            tf.gather(weights, drawn),
        )

    return tf.data.Dataset.from_tensor_slices(rows).enumerate().map(take).prefetch(2)
