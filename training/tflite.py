"""VERSION/model.tflite: the signature `serving_default` for LiteRT, which a model server runs under its own flag.

TensorFlow Serving calls it --prefer_tflite_model. The other signatures stay with the SavedModel: gradients, of which
`explain` is made, have no operations in LiteRT.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.columns import Columns
from contracts.features import normalize
from contracts.model import CONFIDENCE, FEATURES, PREDICT, PROBABILITIES
from training.invented import invent

LITE_MODEL = "model.tflite"

TOLERANCE = 1e-6
"""Largest difference of a probability between the two models of one version."""

_PROFILES = 256


def write_lite(version: Path, features: NDArray[np.float32] | None = None, tolerance: float = TOLERANCE) -> str:
    """Convert the SavedModel in `version` and compare both on `features` float32[n, F]; returns what became of it.

    None = invented profiles. A model that differs is left out: servers then run the SavedModel, whatever their flag.
    """
    content = tf.lite.TFLiteConverter.from_saved_model(str(version), signature_keys=[PREDICT]).convert()
    if features is None:
        features = normalize(Columns.from_profiles(invent(_PROFILES, seed=3)))
    difference = _difference(version, content, features)
    if not difference <= tolerance:
        return f"{LITE_MODEL} left out: it differs by {difference:.2g} from the SavedModel, more than {tolerance:g}."
    (version / LITE_MODEL).write_bytes(content)
    return f"{LITE_MODEL} written, equal to the SavedModel within {difference:.1g}."


def _difference(version: Path, content: bytes, features: NDArray[np.float32]) -> float:
    # Not tf.lite.Interpreter, which TensorFlow calls deprecated in favour of this package.
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only here, and it takes half a second.

    lite = Interpreter(model_content=content, num_threads=1).get_signature_runner(PREDICT)(**{FEATURES: features})
    loaded = tf.saved_model.load(str(version))
    saved = loaded.signatures[PREDICT](**{FEATURES: tf.constant(features)})
    return max(float(np.abs(lite[name] - saved[name].numpy()).max()) for name in (PROBABILITIES, CONFIDENCE))
