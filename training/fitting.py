"""Fits one network: loss, optimiser, early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from contracts.model import CLASSES
from training.balancing import wanted_weights
from training.batches import Batches
from training.config import Config
from training.dataset import Dataset
from training.dense import DenseNetwork
from training.network import build, to_dense


def fit(
    training: Dataset, validation: Dataset, config: Config, seed: int, callbacks: Sequence[Any] = ()
) -> DenseNetwork:
    """A fitted network, at the weights of its best epoch on `validation`, where classes and sources count alike.

    `callbacks` see the epochs (progress, logs).
    """
    model = build(training.features, config.network, config.field_dropout, seed)
    fitting = config.fitting
    batches = Batches(training, config.balance, fitting.batch_size, seed)
    schedule = keras.optimizers.schedules.CosineDecay(fitting.learning_rate, fitting.epochs * len(batches), alpha=0.02)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=fitting.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=fitting.label_smoothing),
        jit_compile=False,
    )
    judged = (
        validation.features,
        np.eye(len(CLASSES), dtype=np.float32)[validation.labels],
        wanted_weights(validation.labels, validation.sources).astype(np.float32),
    )
    early = keras.callbacks.EarlyStopping(patience=fitting.patience, restore_best_weights=True)
    model.fit(
        batches,
        epochs=fitting.epochs,
        validation_data=judged,
        validation_batch_size=4096,
        callbacks=[early, *callbacks],
        verbose=0,
    )
    return to_dense(model, training.features)
