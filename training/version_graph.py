"""The graph of a version: both platforms behind the three signatures of contracts.model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from contracts.features import VALUE_NAMES, F
from contracts.model import (
    CLASSES,
    CONFIDENCE,
    CONTRIBUTIONS,
    DESCRIBE,
    DESCRIPTION,
    EXPLAIN,
    FEATURES,
    PREDICT,
    PROBABILITIES,
    ROWS,
)
from contracts.platforms import Platform
from training.attribution import contributions
from training.platform_model import PlatformModel

_PLATFORM = VALUE_NAMES.index("is_instagram")


class VersionGraph(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """One SavedModel for both platforms; a platform that was not trained answers 1/4 each with confidence 0."""

    def __init__(self, models: Mapping[Platform, PlatformModel], description: str, steps: int) -> None:
        super().__init__()
        self.models = {platform.value: model for platform, model in models.items()}
        self._description = description
        self._steps = steps

    def probabilities(self, features: Any) -> Any:
        """float32[n, F] -> float32[n, 4]."""
        even = tf.ones_like(features[:, : len(CLASSES)]) / len(CLASSES)
        return self._by_platform(features, lambda model: model.probabilities(features), even)

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, name=FEATURES)])  # type: ignore[untyped-decorator]
    def predict(self, features: Any) -> dict[str, Any]:
        """The signature `serving_default`."""
        probabilities = self.probabilities(features)
        familiarity = self._by_platform(
            features, lambda model: model.familiarity(features)[:, tf.newaxis], tf.zeros_like(features[:, :1])
        )
        return {PROBABILITIES: probabilities, CONFIDENCE: tf.reduce_max(probabilities, 1) * familiarity[:, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, name=FEATURES)])  # type: ignore[untyped-decorator]
    def explain(self, features: Any) -> dict[str, Any]:
        """The signature `explain`."""
        answer: dict[str, Any] = self.predict(features)
        return answer | {CONTRIBUTIONS: contributions(self.probabilities, features, self._steps)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name=ROWS)])  # type: ignore[untyped-decorator]
    def describe(self, rows: Any) -> dict[str, Any]:
        """The signature `describe`: the same document n times."""
        return {DESCRIPTION: tf.fill(tf.shape(rows), tf.constant(self._description))}

    def save(self, folder: Path) -> None:
        """Write the SavedModel."""
        signatures = {PREDICT: self.predict, EXPLAIN: self.explain, DESCRIBE: self.describe}
        tf.saved_model.save(self, str(folder), signatures=signatures)

    def _by_platform(self, features: Any, answer: Any, unknown: Any) -> Any:
        """Every row by the model of its own platform."""
        on_instagram = features[:, _PLATFORM : _PLATFORM + 1] > 0
        x, instagram = (
            answer(self.models[platform.value]) if platform.value in self.models else unknown
            for platform in (Platform.X, Platform.INSTAGRAM)
        )
        return tf.where(on_instagram, instagram, x)
