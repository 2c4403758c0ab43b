"""The graph of a version: both platforms behind the three signatures of contracts.model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    FOREIGN,
    PREDICT,
    PROBABILITIES,
    ROWS,
)
from contracts.platforms import Platform
from training.attribution import explained
from training.platform_model import PlatformModel

_PLATFORM = VALUE_NAMES.index("is_instagram")


class VersionGraph(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """One SavedModel for both platforms; a platform that was not trained answers 1/4 each with confidence 0."""

    def __init__(self, models: Mapping[Platform, PlatformModel], description: str, steps: int) -> None:
        super().__init__()
        self._models = {platform.value: models.get(platform, Untrained()) for platform in Platform}
        # As functions of their own they stand in the file once, whichever branches call them.
        self._explained = {name: _explaining(model, steps) for name, model in self._models.items()}
        self._description = description

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, name=FEATURES)])  # type: ignore[untyped-decorator]
    def predict(self, features: Any) -> dict[str, Any]:
        """The signature `serving_default`; confidence is the top probability, halved for a wholly foreign account."""
        return _answer(*self._by_platform(features, lambda name: self._models[name].answer(features)))

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, name=FEATURES)])  # type: ignore[untyped-decorator]
    def explain(self, features: Any) -> dict[str, Any]:
        """The signature `explain`."""
        probabilities, familiarity, moved = self._by_platform(features, lambda name: self._explained[name](features))
        return _answer(probabilities, familiarity) | {CONTRIBUTIONS: moved}

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, name=FEATURES)])  # type: ignore[untyped-decorator]
    def foreign(self, features: Any) -> dict[str, Any]:
        """The signature `foreign`, by which an evaluation sees what is left when no source is recognised."""
        return {PROBABILITIES: self._by_platform(features, lambda name: (self._models[name].as_foreign(features),))[0]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name=ROWS)])  # type: ignore[untyped-decorator]
    def describe(self, rows: Any) -> dict[str, Any]:
        """The signature `describe`: the same document n times."""
        return {DESCRIPTION: tf.fill(tf.shape(rows), tf.constant(self._description))}

    def save(self, folder: Path) -> None:
        """Write the SavedModel."""
        signatures = {
            PREDICT: self.predict,
            EXPLAIN: self.explain,
            FOREIGN: self.foreign,
            DESCRIBE: self.describe,
        }
        tf.saved_model.save(self, str(folder), signatures=signatures)

    def _by_platform(self, features: Any, work: Callable[[str], tuple[Any, ...]]) -> tuple[Any, ...]:
        """What `work` makes of every row by its own platform's name.

        Rows of one platform alone, which a person's request always is, don't pay for the other's networks.
        """
        on_instagram = features[:, _PLATFORM] > 0

        def x() -> tuple[Any, ...]:
            return work(Platform.X.value)

        def instagram() -> tuple[Any, ...]:
            return work(Platform.INSTAGRAM.value)

        def both() -> tuple[Any, ...]:
            return tuple(
                tf.where(tf.reshape(on_instagram, [-1] + [1] * (len(here.shape) - 1)), here, there)
                for here, there in zip(instagram(), x(), strict=True)
            )

        answer: tuple[Any, ...] = tf.cond(
            tf.reduce_any(on_instagram), lambda: tf.cond(tf.reduce_all(on_instagram), instagram, both), x
        )
        return answer


class Untrained(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Stands where a platform was not trained: every class alike, nothing familiar."""

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], all 1/4."""
        return tf.zeros_like(features[:, : len(CLASSES)]) * features[:, :1] + 1 / len(CLASSES)

    def as_foreign(self, features: Any) -> Any:
        """As PlatformModel's."""
        return self.probabilities(features)

    def answer(self, features: Any) -> tuple[Any, Any]:
        """As PlatformModel's; a familiarity of -1 makes the confidence 0."""
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> tuple[Any, ...]:
        """As PlatformModel's; nothing of the features but their number counts."""
        return (features,)

    def conclude(self, entered: tuple[Any, ...]) -> tuple[Any, Any]:
        """As PlatformModel's."""
        (features,) = entered
        return self.probabilities(features), -tf.ones_like(features[:, 0])


def _explaining(model: PlatformModel | Untrained, steps: int) -> Any:
    """A function of features float32[n, F]: probabilities, familiarity, contributions."""

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32)])  # type: ignore[untyped-decorator]
    def explain(features: Any) -> tuple[Any, ...]:
        return explained(model, features, steps)

    return explain


def _answer(probabilities: Any, familiarity: Any) -> dict[str, Any]:
    return {PROBABILITIES: probabilities, CONFIDENCE: tf.reduce_max(probabilities, 1) * (1 + familiarity) / 2}
