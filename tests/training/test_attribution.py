"""Contributions by the copies behind the first layers, beside gradients taken one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from contracts.features import F
from contracts.model import CLASSES
from training.attribution import baseline, explained

STEPS = 5


class Bent:
    """A small model that reads the features twice, once with a bend; `entered_rows` are how many it was given."""

    def __init__(self) -> None:
        random = np.random.default_rng(4)
        self._wide, self._narrow = (random.normal(0, 0.5, (F, size)).astype(np.float32) for size in (12, 3))
        self._deep = random.normal(0, 1, (12, len(CLASSES))).astype(np.float32)
        self.entered_rows: list[int] = []

    def answer(self, features: Any) -> tuple[Any, Any]:
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> tuple[Any, tuple[Any, ...]]:
        self.entered_rows.append(len(features))
        return tf.maximum(features, -0.2) @ self._wide, (features @ self._narrow,)

    def conclude(self, entered: tuple[Any, tuple[Any, ...]]) -> tuple[Any, Any]:
        wide, (narrow,) = entered
        opening = tf.sigmoid(tf.reduce_sum(narrow, 1, keepdims=True))
        return tf.nn.softmax(tf.tanh(wide) @ self._deep * opening), opening[:, 0]


def some_features(rows: int) -> Any:
    return tf.constant(np.random.default_rng(2).uniform(-1, 1, (rows, F)).astype(np.float32))


def one_by_one(model: Bent, features: Any) -> Any:
    """float64[n, F, 4]: part after part and class after class."""
    start = baseline(features)
    way = features - start
    moved = np.zeros((len(features), F, len(CLASSES)))
    for step in range(STEPS):
        before, middle, after = (start + way * ((step + part) / STEPS) for part in (0.0, 0.5, 1.0))
        change = (model.answer(after)[0] - model.answer(before)[0]).numpy()
        for label in range(len(CLASSES)):
            with tf.GradientTape() as tape:
                tape.watch(middle)
                reached = tf.reduce_sum(model.answer(middle)[0][:, label])
            part = (tape.gradient(reached, middle) * way / STEPS).numpy().astype(np.float64)
            rest = change[:, label] - part.sum(1)
            moved[:, :, label] += part + np.abs(part) / np.abs(part).sum(1, keepdims=True) * rest[:, np.newaxis]
    return moved


def test_contributions_are_those_of_gradients_taken_one_by_one() -> None:
    model, features = Bent(), some_features(6)
    probabilities, familiarity, moved = explained(model, features, STEPS)
    assert np.abs(moved.numpy() - one_by_one(model, features)).max() < 1e-5
    expected = model.answer(features)
    assert np.allclose(probabilities, expected[0], atol=1e-6)
    assert np.allclose(familiarity, expected[1], atol=1e-6)


def test_an_account_is_explained_alike_alone_and_among_others() -> None:
    model, features = Bent(), some_features(4)
    together = explained(model, features, STEPS)[2].numpy()
    alone = explained(model, features[2:3], STEPS)[2].numpy()
    assert np.abs(together[2:3] - alone).max() < 1e-6


def test_the_first_layers_see_ends_and_middles_once_and_copies_only_to_be_differentiated() -> None:
    model = Bent()
    explained(model, some_features(2), STEPS)
    assert model.entered_rows == [2 * (2 * STEPS + 1), 2 * STEPS * (len(CLASSES) - 1)]
