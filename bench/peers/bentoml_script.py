"""BentoML on a SavedModel; runs in BentoML's own environment, by `bentoml serve bentoml_script:Rollcall`.

The version's folder comes in by BENCH_VERSION, since BentoML imports this file in processes of its own.
"""

from __future__ import annotations

import os

import bentoml
import numpy as np


@bentoml.service(traffic={"timeout": 60})
class Rollcall:
    """Each signature plain and with adaptive batching, as BentoML's documents show."""

    def __init__(self) -> None:
        import tensorflow as tf  # noqa: PLC0415 - it takes seconds, and only the process that serves needs it.

        self._constant = tf.constant
        self._loaded = tf.saved_model.load(os.environ["BENCH_VERSION"])

    @bentoml.api
    def serving_default(self, features: np.ndarray) -> np.ndarray:
        return self._probabilities("serving_default", features)

    @bentoml.api(batchable=True, max_batch_size=8192, max_latency_ms=10_000)
    def serving_default_batched(self, features: np.ndarray) -> np.ndarray:
        return self._probabilities("serving_default", features)

    @bentoml.api
    def explain(self, features: np.ndarray) -> np.ndarray:
        return self._run("explain", features)["contributions"].numpy()

    def _probabilities(self, signature: str, features: np.ndarray) -> np.ndarray:
        return self._run(signature, features)["probabilities"].numpy()

    def _run(self, signature: str, features: np.ndarray):
        return self._loaded.signatures[signature](features=self._constant(features, "float32"))
