"""Whether an account is like those learned from: the gate between the close networks and the general ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import VALUE_NAMES, F
from training.config import GateConfig
from training.density import Density

Floats = NDArray[np.float32]

ALWAYS_OPEN = -1e6
_BOUND = 4.0
_ALL = np.ones(F, np.float32)


@dataclass(frozen=True, slots=True)
class Judge:
    """A small network that tells accounts of known sources from others by what `view` says of them.

    `mean`, `scale` float32[d] standardise the view, which is then held within 4; `layers` are kernels and biases, SiLU
    between them, one number at the end: above 0 is familiar.
    """

    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def score(self, view: Any) -> Any:
        """float32[n, d] -> float32[n, 1]."""
        x = self.standardised(view)
        for index, (kernel, bias) in enumerate(self.layers):
            x = tf.nn.bias_add(tf.matmul(x, kernel), bias)
            if index < len(self.layers) - 1:
                x = x * tf.sigmoid(x)
        return x

    def standardised(self, view: Any) -> Any:
        """What enters the first layer."""
        return tf.clip_by_value((view - self.mean) * (1 / self.scale), -_BOUND, _BOUND)


def view(top: Any, densities: Any, evidence: Any, known: Any) -> Any:
    """float32[n, d]: all that the gate knows of an account.

    The log density of the nearest Gaussian, `top` float32[n, 1], and that of all together (`densities` float32[n, k]),
    what the close networks' own heads say (`evidence` float32[n, e], see expert.Expert), and whether each of some
    facts is `known`, float32[n, f].
    """
    together = top + tf.math.log(tf.reduce_sum(tf.exp(densities - top), 1, keepdims=True))
    return tf.concat([top, together, evidence, known], 1)


class Gate(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Opens at the score `threshold`, gradually over `width`, for accounts that know the features of `config.needs`.

    The score is the judge's, or without one the nearest Gaussian's log density. `usual`: the log density that 98% of
    the training rows reach. `read` float32[F]: 0 for columns that count as unknown.
    """

    def __init__(self, density: Density, judge: Judge | None, config: GateConfig, read: Floats = _ALL) -> None:
        super().__init__()
        self._density, self._judge, self._config, self._read = density, judge, config, read
        self.threshold = self.usual = 0.0

    def look(self, features: Any, evidence: Any) -> Any:
        """What a judge of this gate sees of features float32[n, F], float32[n, d]."""
        densities = self._density(features)
        facts = self._known(features, self._config.facts)
        return view(tf.reduce_max(densities, 1, keepdims=True), densities, evidence, facts)

    def opening(self, features: Any, evidence: Any) -> tuple[Any, Any]:
        """float32[n, 1] twice, from 0 to 1: how far the gate is open, and how usual the account's numbers are."""
        return self.conclude(self.enter(features), evidence)

    def enter(self, features: Any) -> tuple[Any, ...]:
        """What the density makes of features float32[n, F] at first, and which facts and needs are known.

        Nothing stands for facts or needs that nobody reads.
        """
        return (
            self._density.enter(features),
            self._known(features, self._config.facts) if self._judge else (),
            self._known(features, self._config.needs) if self._config.needs else (),
        )

    def conclude(self, entered: Sequence[Any], evidence: Any) -> tuple[Any, Any]:
        """What `enter` gave, and the evidence of the close networks -> as `opening`."""
        whitened, facts, needs = entered
        score, top = self._scores(self._density.conclude(whitened), facts, evidence)
        always = self.threshold == ALWAYS_OPEN
        opening = tf.ones_like(top) if always else tf.sigmoid((score - self.threshold) * (1 / self._config.width))
        if self._config.needs:
            opening *= tf.reduce_prod(needs, 1, keepdims=True)
        return opening, tf.sigmoid((top - self.usual) * 0.08)

    def settle(self, features: Floats, evidence: Any, learned: Floats) -> None:
        """Set the threshold so that the configured share of `features`, rows that did not train, counts as foreign."""
        whitened, facts, _ = self.enter(tf.constant(features))
        scores = np.asarray(self._scores(self._density.conclude(whitened), facts, evidence)[0])
        self.threshold = float(np.quantile(scores, self._config.foreign)) if self._config.foreign else ALWAYS_OPEN
        densities = np.asarray(tf.reduce_max(self._density(tf.constant(learned)), 1))
        self.usual = float(np.quantile(densities, 0.02))

    def _scores(self, densities: Any, facts: Any, evidence: Any) -> tuple[Any, Any]:
        """The score and the nearest Gaussian's log density, float32[n, 1] each."""
        top = tf.reduce_max(densities, 1, keepdims=True)
        return (self._judge.score(view(top, densities, evidence, facts)) if self._judge else top), top

    def _known(self, features: Any, names: Sequence[str]) -> Any:
        """float32[n, names]: 1 where the feature is known and read."""
        columns = np.array([F // 2 + VALUE_NAMES.index(name) for name in names], np.int32)
        known = tf.gather(features, columns, axis=1)
        return known if self._read[columns].all() else known * self._read[columns]
