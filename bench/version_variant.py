"""`python -m bench.version_variant VERSION FOLDER SHARE`: a version like VERSION whose probabilities can be told apart.

Each probability is mixed with `SHARE` of 1/4. Everything that a promotion checks is there: golden profiles, evaluation,
warm-up, manifest. Runs in a process of its own, since it loads TensorFlow.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf

from contracts.features import F
from contracts.model import CONFIDENCE, CONTRIBUTIONS, DESCRIBE, EXPLAIN, FEATURES, PREDICT, PROBABILITIES, ROWS
from serving.version_checks import GOLDEN
from training.extras import write_manifest


class Mixed(tf.Module):
    """The signatures of another version, their probabilities mixed."""

    def __init__(self, version: Path, share: float) -> None:
        super().__init__()
        self._inner = tf.saved_model.load(str(version))
        self._share = share

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, FEATURES)])
    def predict(self, features: Any) -> dict[str, Any]:
        return self._mix(self._inner.signatures[PREDICT](**{FEATURES: features}))

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, FEATURES)])
    def explain(self, features: Any) -> dict[str, Any]:
        answer = self._inner.signatures[EXPLAIN](**{FEATURES: features})
        return self._mix(answer) | {CONTRIBUTIONS: answer[CONTRIBUTIONS] * (1 - self._share)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, ROWS)])
    def describe(self, rows: Any) -> dict[str, Any]:
        return self._inner.signatures[DESCRIBE](**{ROWS: rows})

    def _mix(self, answer: dict[str, Any]) -> dict[str, Any]:
        mixed = answer[PROBABILITIES] * (1 - self._share) + self._share / 4
        return {PROBABILITIES: mixed, CONFIDENCE: answer[CONFIDENCE]}


def write_variant(version: Path, folder: Path, share: float) -> None:
    """Write the variant of `version` into `folder`."""
    mixed = Mixed(version, share)
    signatures = {PREDICT: mixed.predict, EXPLAIN: mixed.explain, DESCRIBE: mixed.describe}
    tf.saved_model.save(mixed, str(folder), signatures)
    shutil.copytree(version / "assets.extra", folder / "assets.extra", dirs_exist_ok=True)
    golden = json.loads((folder / GOLDEN).read_text("utf-8"))
    for row in golden:
        row["probabilities"] = [value * (1 - share) + share / 4 for value in row["probabilities"]]
    (folder / GOLDEN).write_text(json.dumps(golden), "utf-8")
    write_manifest(folder)


if __name__ == "__main__":
    write_variant(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
