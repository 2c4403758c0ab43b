"""What a reviewed sample says: the batch's own precision by class, and how far two reviewers agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from contracts.model import CLASSES

_Z = 1.959964
"""The normal quantile of 95 percent."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One account of the sample: the model's label, and what up to two people said."""

    label: str
    said: tuple[str | None, str | None]


def wilson(right: float, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson, Probable inference, JASA 22, 1927); 0 to 1 without any."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, _Z * _Z
    center = (share + square / (2 * total)) / (1 + square / total)
    half = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, center - half), min(1.0, center + half)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """J. Cohen, A coefficient of agreement for nominal scales (1960); None where chance alone explains everything."""
    total = len(pairs)
    if total == 0:
        return None
    observed = sum(one == other for one, other in pairs) / total
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(first[name] * second[name] for name in first) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def judged(sample: Sequence[Reviewed]) -> dict[str, Any]:
    """Precision by class and over all with Wilson's intervals, and Cohen's kappa where two people labelled.

    An account counts where somebody labelled it; where two did and disagree, it counts as half right if one of them
    says what the model says.
    """
    precision = {}
    for name in (*CLASSES, None):
        chosen = [each for each in sample if name in (None, each.label)]
        scores = [score for score in map(_score, chosen) if score is not None]
        right = sum(scores)
        low, high = wilson(right, len(scores))
        share = right / len(scores) if scores else None
        precision[name or "all"] = {
            "labelled": len(scores),
            "right": right,
            "precision": share,
            "low": low,
            "high": high,
        }
    pairs = [(one, other) for each in sample if (one := each.said[0]) and (other := each.said[1])]
    return {"precision": precision, "both": len(pairs), "kappa": kappa(pairs), "labels": _counts(sample)}


def _score(each: Reviewed) -> float | None:
    said = [label for label in each.said if label]
    return sum(label == each.label for label in said) / len(said) if said else None


def _counts(sample: Sequence[Reviewed]) -> Mapping[str, int]:
    return {f"reviewer_{place + 1}": sum(each.said[place] is not None for each in sample) for place in (0, 1)}
