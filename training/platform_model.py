"""What is learned for one platform, as operations of a graph: two kinds of networks and the gate between them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from training.config import MixtureConfig
from training.expert import LEAST, Expert
from training.gate import Gate


class PlatformModel(tf.Module):  # type: ignore[misc]  # TensorFlow publishes no types.
    """Callable on features float32[n, F]."""

    def __init__(self, close: Expert, general: Expert, gate: Gate, mixture: MixtureConfig) -> None:
        super().__init__()
        self._close, self._general, self._gate, self._mixture = close, general, gate, mixture

    def probabilities(self, features: Any) -> Any:
        """float32[n, 4], calibrated."""
        return self.answer(features)[0]

    def answer(self, features: Any) -> tuple[Any, Any]:
        """Probabilities float32[n, 4] and familiarity float32[n] from 0 to 1: open gate and usual account."""
        return self.conclude(self.enter(features))

    def enter(self, features: Any) -> tuple[tuple[Any, ...], ...]:
        """What the first layers of all parts make of features float32[n, F], float32[n, ...] each."""
        return self._close.enter(features), self._general.enter(features), self._gate.enter(features)

    def conclude(self, entered: tuple[tuple[Any, ...], ...]) -> tuple[Any, Any]:
        """What `enter` gave -> probabilities and familiarity, as `answer`."""
        of_close, of_general, of_gate = entered
        close, evidence = self._close.conclude(of_close)
        opening, usual = self._gate.conclude(of_gate, evidence)
        general = self._general.conclude(of_general)[0]
        mixed = general + opening * (close - general)
        return self._sharpened(mixed, opening), tf.squeeze(usual * (opening * 0.5 + 0.5), 1)

    def as_foreign(self, features: Any) -> Any:
        """float32[n, 4]: the probabilities with the gate shut, whoever the account is like."""
        return self._sharpened(self._general.probabilities(features), 0.0)

    def _sharpened(self, mixed: Any, share: Any) -> Any:
        if (self._mixture.sharpness, self._mixture.familiar_sharpness) == (1, 0):
            return mixed
        power = self._mixture.sharpness + self._mixture.familiar_sharpness * share
        return tf.nn.softmax(tf.math.log(mixed + LEAST) * power)
