"""What a version must show before a label moves to it. Each check raises UnfitVersion with one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from contracts.features import FEATURE_NAMES, SCHEMA_VERSION
from contracts.json_fields import InvalidField
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
    Description,
)
from contracts.serving_protos import SignatureDef
from serving.replicas import Replica

EXTRA = Path("assets.extra")
GOLDEN, EVALUATION = EXTRA / "golden.json", EXTRA / "evaluation.json"

GOLDEN_TOLERANCE = 1e-5
"""Largest difference of a probability from the one that training recorded; other CPUs round differently."""

GOLDEN_ROWS = 4
"""Rows asked for at once: explaining all of them in one call would hold up a small server's requests."""

EVALUATION_MARGIN = 0.01
"""By how much macro-F1 of a platform may fall below the live version's; about the width of its interval."""

_ENDS = {
    PREDICT: ({FEATURES}, {PROBABILITIES, CONFIDENCE}),
    EXPLAIN: ({FEATURES}, {PROBABILITIES, CONFIDENCE, CONTRIBUTIONS}),
    DESCRIBE: ({ROWS}, {DESCRIPTION}),
}


class UnfitVersion(Exception):  # noqa: N818 - it says what the version is.
    """The version must not answer."""


def check_evaluation(new: Path, live: Path, margin: float = EVALUATION_MARGIN) -> None:
    """Macro-F1 of each platform that the live version knows must not fall by more than `margin`."""
    before, after = _macro_f1(live), _macro_f1(new)
    for platform, score in before.items():
        if platform not in after:
            raise UnfitVersion(f"{new.name} was not evaluated on {platform}, the live version was.")
        if after[platform] < score - margin:
            raise UnfitVersion(
                f"{new.name} has macro-F1 {after[platform]:.3f} on {platform}, the live version {score:.3f}; "
                f"it may be at most {margin} lower (--force promotes it all the same)."
            )


def check_signatures(version: int, signatures: Mapping[str, SignatureDef]) -> None:
    """The three signatures with their inputs and outputs."""
    for name, (inputs, outputs) in _ENDS.items():
        signature = signatures.get(name)
        if signature is None:
            raise UnfitVersion(f"{version} has no signature {name}.")
        if set(signature.inputs) != inputs or not outputs <= set(signature.outputs):
            raise UnfitVersion(f"{version}: signature {name} does not take {inputs} and give {outputs}.")


def check_description(version: int, replica: Replica) -> None:
    """The version speaks the feature schema and classes of this release."""
    document = replica.run(version, DESCRIBE, {ROWS: np.zeros(1, np.int32)})[DESCRIPTION][0]
    try:
        description = Description.from_json(document)
    except InvalidField as error:
        raise UnfitVersion(f"{version} describes itself wrongly: {error}") from error
    if description.schema_version != SCHEMA_VERSION or description.feature_names != FEATURE_NAMES:
        raise UnfitVersion(f"{version} has feature schema {description.schema_version}, not {SCHEMA_VERSION}.")
    if description.classes != CLASSES:
        raise UnfitVersion(f"{version} has the classes {', '.join(description.classes)}.")


def check_golden(version: int, folder: Path, replica: Replica) -> None:
    """The served graph gives the probabilities that training recorded, by both signatures."""
    rows = _read(folder / GOLDEN)
    features = np.array([row["features"] for row in rows], np.float32)
    recorded = np.array([row["probabilities"] for row in rows])
    for signature in (PREDICT, EXPLAIN):
        parts = [
            replica.run(version, signature, {FEATURES: features[start : start + GOLDEN_ROWS]})[PROBABILITIES]
            for start in range(0, len(features), GOLDEN_ROWS)
        ]
        difference = float(np.abs(np.concatenate(parts) - recorded).max())
        if not difference <= GOLDEN_TOLERANCE:
            raise UnfitVersion(f"{version}: {signature} differs by {difference:.2g} from what training recorded.")


def _macro_f1(folder: Path) -> dict[str, float]:
    try:
        return {name: float(each["macro_f1"]) for name, each in _read(folder / EVALUATION)["platforms"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnfitVersion(f"{folder / EVALUATION} holds no macro_f1 of each platform.") from error


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnfitVersion(f"{path} cannot be read: {error}") from error
