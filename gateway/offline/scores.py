"""What one version of the model says of n accounts, as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.columns import Columns
from contracts.features import VALUE_NAMES, F, normalize
from contracts.model import CLASSES, HUMANS, PLAIN_THRESHOLD
from contracts.platforms import Platform
from gateway.prediction import Version
from gateway.prevalence import Prevalence

Features = NDArray[np.float32]
Predict = Callable[[Features], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""float32[n, F] of one platform -> probabilities float32[n, 4] and confidence float32[n]; raises ModelUnavailableError.

Rows of one platform alone don't pay for the other's networks.
"""

MOST_ROWS = 4096
"""Rows of one call to the model."""
BLOCK = 6000
"""Rows that are transformed at once: about those of a chunk. Every block costs some hundred calls of NumPy.

No power of two, by which columns would begin on the same lines of the processor's cache.
"""

_ON_INSTAGRAM = VALUE_NAMES.index("is_instagram")
_KNOWN = slice(F // 2 + 1, F)
"""The masks of all values but that of `is_instagram`, which is the first and always known."""
NOTHING_KNOWN = "The record holds nothing that the model reads."


@dataclass(frozen=True, slots=True)
class Scores:
    """`probabilities` float64[n, 4] under the assumed shares, `confidence` float64[n], `labels` int64[n] in CLASSES.

    `unsure` bool[n]; `empty` bool[n] marks records that hold nothing the model reads: nothing is said of them.
    """

    probabilities: NDArray[np.float64]
    confidence: NDArray[np.float64]
    labels: NDArray[np.int64]
    unsure: NDArray[np.bool_]
    empty: NDArray[np.bool_]


def score(columns: Columns, predict: Predict, version: Version, prevalence: Prevalence) -> Scores:
    """Ask the model about every row; raises ModelUnavailableError."""
    return score_features(normalize(columns), predict, version, prevalence)


def score_features(features: Features, predict: Predict, version: Version, prevalence: Prevalence) -> Scores:
    """The same for rows that were transformed already, float32[n, F]."""
    rows = len(features)
    probabilities = np.full((rows, len(CLASSES)), np.nan)
    confidence = np.zeros(rows)
    threshold = np.zeros((rows, len(CLASSES)))
    on_instagram = features[:, _ON_INSTAGRAM] > 0
    for platform in Platform:
        mine = np.flatnonzero(on_instagram == (platform is Platform.INSTAGRAM))
        for start in range(0, len(mine), MOST_ROWS):
            part = mine[start : start + MOST_ROWS]
            given, sure = predict(features[part])
            corrected = prevalence.assumed(platform.value, version.description).correct(given)
            probabilities[part] = corrected
            # A version's confidence is its top probability, less for an account unlike those it learned from.
            confidence[part] = sure * corrected.max(1) / given.max(1)
        threshold[mine] = [_needed(version, platform, label) for label in CLASSES]
    labels = probabilities.argmax(1)
    top, needed = (each[np.arange(rows), labels] for each in (probabilities, threshold))
    empty = np.logical_not(features[:, _KNOWN].any(1))
    return Scores(probabilities, confidence, labels, top < needed, empty)


def _needed(version: Version, platform: Platform, label: str) -> float:
    """The probability from which `label` is stated plainly on `platform`."""
    return PLAIN_THRESHOLD if label in HUMANS else version.description.accusation_threshold(platform.value)
