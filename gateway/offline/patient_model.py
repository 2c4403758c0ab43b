"""One version of the model for everything that a job scores, and patience with a server that is away for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gateway.batches.pinned_model import Versions
from gateway.errors import ModelUnavailableError
from gateway.offline.scores import Features
from gateway.prediction import Version

PATIENCE_S = 60.0
"""How long a job goes on asking a model server that does not answer; a restart takes some seconds."""
PAUSE_S = 0.5


def first_version(
    ask: Callable[[], Version],
    wait_s: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Version:
    """What `ask` gives; a server that cannot be reached is asked again for `wait_s` seconds.

    Raises ModelUnavailableError.
    """
    end = now() + wait_s
    while True:
        try:
            return ask()
        except ModelUnavailableError:
            if now() + PAUSE_S > end:
                raise
            sleep(PAUSE_S)


class PatientModel:
    """Asks `version` and no other; safe to share between threads. `patience_s` bounds the waiting for one answer."""

    def __init__(
        self,
        versions: Versions,
        version: Version,
        request_id: str,
        *,
        patience_s: float = PATIENCE_S,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.version = version
        self._versions = versions
        self._request_id = request_id
        self._patience_s = patience_s
        self._now = now
        self._sleep = sleep

    def predict(self, features: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities float32[n, 4] and confidence float32[n] of rows of one platform.

        Raises ModelUnavailableError.
        """
        end = self._now() + self._patience_s
        while True:
            try:
                prediction = self._versions.score(self.version, features, self._request_id, explain=False)
            except ModelUnavailableError:
                # A server that starts does not know the version before it has loaded it.
                if self._now() + PAUSE_S >= end:
                    raise
                self._sleep(PAUSE_S)
            else:
                return prediction.probabilities, prediction.confidence
