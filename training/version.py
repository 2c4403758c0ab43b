"""A written version, read back as TensorFlow Serving would: through its signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.features import FEATURE_NAMES, SCHEMA_VERSION
from contracts.model import (
    CLASSES,
    CONFIDENCE,
    CONTRIBUTIONS,
    DESCRIBE,
    DESCRIPTION,
    EXPLAIN,
    FOREIGN,
    PREDICT,
    PROBABILITIES,
    Description,
)

Numbers = NDArray[np.float64]


class UnusableVersion(Exception):  # noqa: N818 - it says what the folder is.
    """The folder holds no version that this code can feed."""


class Version:
    """A loaded SavedModel; raises UnusableVersion when it is none or speaks another feature schema."""

    def __init__(self, folder: Path, rows_per_call: int = 4096) -> None:
        if not (folder / "saved_model.pb").is_file():
            raise UnusableVersion(f"{folder} holds no saved_model.pb.")
        loaded = tf.saved_model.load(str(folder))
        self._loaded = loaded  # The signatures hold their variables by weak references only.
        self._signatures: dict[str, Any] = dict(loaded.signatures)
        if missing := {PREDICT, EXPLAIN, FOREIGN, DESCRIBE} - self._signatures.keys():
            raise UnusableVersion(f"{folder} lacks the signatures {', '.join(sorted(missing))}.")
        self._rows = rows_per_call
        document = self._signatures[DESCRIBE](rows=tf.zeros([1], tf.int32))[DESCRIPTION].numpy()[0]
        self.description = Description.from_json(document)
        if (
            self.description.schema_version != SCHEMA_VERSION
            or self.description.feature_names != FEATURE_NAMES
            or self.description.classes != CLASSES
        ):
            raise UnusableVersion(
                f"{folder} has feature schema {self.description.schema_version}, this code has {SCHEMA_VERSION}."
            )

    def predict(self, features: NDArray[np.float32]) -> tuple[Numbers, Numbers]:
        """features float32[n, F] -> probabilities float64[n, 4] and confidence float64[n]."""
        answers = [self._signatures[PREDICT](features=tf.constant(part)) for part in self._parts(features)]
        return (
            np.concatenate([each[PROBABILITIES].numpy() for each in answers]).astype(np.float64),
            np.concatenate([each[CONFIDENCE].numpy() for each in answers]).astype(np.float64),
        )

    def as_foreign(self, features: NDArray[np.float32]) -> Numbers:
        """features float32[n, F] -> probabilities float64[n, 4] with the gate shut."""
        answers = [self._signatures[FOREIGN](features=tf.constant(part)) for part in self._parts(features)]
        return np.concatenate([each[PROBABILITIES].numpy() for each in answers]).astype(np.float64)

    def explain(self, features: NDArray[np.float32]) -> Numbers:
        """features float32[n, F] -> contributions float64[n, F, 4]."""
        small = [features[start : start + 64] for start in range(0, len(features), 64)]
        answers = [self._signatures[EXPLAIN](features=tf.constant(part))[CONTRIBUTIONS].numpy() for part in small]
        return np.concatenate(answers).astype(np.float64)

    def _parts(self, features: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [features[start : start + self._rows] for start in range(0, max(len(features), 1), self._rows)]
