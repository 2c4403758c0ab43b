"""Fits one network: loss, optimiser, early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from contracts.model import CLASSES
from training.balancing import wanted_weights
from training.batches import draw_batches
from training.config import ExpertConfig
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.disguises import Disguises
from training.network import Network


def fit(
    training: Dataset,
    validation: Dataset,
    expert: ExpertConfig,
    groups: Sequence[Sequence[str]],
    disguises: Disguises,
    *,
    seed: int,
    callbacks: Sequence[Any] = (),
) -> DenseNetwork:
    """A fitted network, at the weights of its best epoch on `validation`, whose rows weigh as in training.

    `groups`: fields that are dropped together. `callbacks` see the epochs (progress, logs).
    """
    network = Network(training.features, expert, groups, seed)
    schedule = keras.optimizers.schedules.CosineDecay(expert.learning_rate, expert.epochs * expert.batches)
    network.model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=expert.weight_decay, global_clipnorm=1.0),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    weights = wanted_weights(validation.labels, validation.sources, expert.class_power, expert.source_power)
    judged = (
        validation.features,
        np.eye(len(CLASSES), dtype=np.float32)[validation.labels],
        weights.astype(np.float32),
    )
    early = keras.callbacks.EarlyStopping(patience=expert.patience, restore_best_weights=True)
    network.model.fit(
        draw_batches(training, expert, disguises, seed),
        epochs=expert.epochs,
        steps_per_epoch=expert.batches,
        shuffle=False,
        validation_data=judged,
        validation_batch_size=4096,
        callbacks=[early, *callbacks],
        verbose=0,
    )
    return network.to_dense()
