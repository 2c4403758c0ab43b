"""Fits one network: loss, optimiser, early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

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
    names = _names(training, expert)
    network = Network(training.features, expert, groups, seed, len(names))
    schedule = keras.optimizers.schedules.CosineDecay(expert.learning_rate, expert.epochs * expert.batches)
    network.model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=expert.weight_decay, global_clipnorm=1.0),
        loss=ClassesAndSources(expert.source_loss),
        jit_compile=False,
    )
    weights = wanted_weights(validation.labels, validation.sources, expert.class_power, expert.source_power)
    judged = (
        validation.features,
        # Sources are left out of what is judged: classes decide when to stop.
        np.pad(np.eye(len(CLASSES), dtype=np.float32)[validation.labels], ((0, 0), (0, len(names)))),
        weights.astype(np.float32),
    )
    early = keras.callbacks.EarlyStopping(patience=expert.patience, restore_best_weights=True)
    network.model.fit(
        draw_batches(training, targets(training, names), expert, disguises, seed),
        epochs=expert.epochs,
        steps_per_epoch=expert.batches,
        shuffle=False,
        validation_data=judged,
        validation_batch_size=4096,
        callbacks=[early, *callbacks],
        verbose=0,
    )
    return network.to_dense()


class ClassesAndSources(keras.losses.Loss):  # type: ignore[misc]  # Keras publishes no types.
    """Cross-entropy of the classes, the first four columns, plus `weight` times that of the sources, the others."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self._weight = weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """float32[n, 4 + s] twice, one-hot and logits -> float32[n]."""
        width = len(CLASSES)
        loss = -ops.sum(y_true[:, :width] * ops.log_softmax(y_pred[:, :width]), -1)
        if y_pred.shape[1] == width:
            return loss
        return loss - self._weight * ops.sum(y_true[:, width:] * ops.log_softmax(y_pred[:, width:]), -1)


def targets(rows: Dataset, names: NDArray[np.str_]) -> NDArray[np.float32]:
    """float32[n, 4 + s]: one-hot classes, then one-hot sources among `names`."""
    classes = np.eye(len(CLASSES), dtype=np.float32)[rows.labels]
    return np.concatenate([classes, rows.sources.astype(str)[:, np.newaxis] == names], axis=1).astype(np.float32)


def classes_of_sources(rows: Dataset, expert: ExpertConfig) -> tuple[int, ...]:
    """The class of each source that a network fitted on `rows` names, in the order of its outputs."""
    sources = rows.sources.astype(str)
    return tuple(int(np.bincount(rows.labels[sources == name]).argmax()) for name in _names(rows, expert))


def _names(rows: Dataset, expert: ExpertConfig) -> NDArray[np.str_]:
    return np.unique(rows.sources.astype(str)) if expert.source_loss else np.empty(0, np.str_)
