"""How good a version is when less is known of an account: figures with every fact hidden but some."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS
from training.dataset import Dataset
from training.evaluation import Predict
from training.live_masks import LiveMask
from training.measures import calibration_error, class_figures, confusion_matrix
from training.rounding import rounded

_COUNTS = ("followers", "following", "posts")


def views(predict: Predict, dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """platform -> `{"facts", "rows", "accuracy", "macro_f1", "ece"}` for counts alone, and for all facts but one."""
    told: dict[str, list[dict[str, Any]]] = {}
    for platform in Platform:
        rows = dataset.where(dataset.platforms == platform.value)
        for facts in _views(MODEL_FACTS[platform]) if len(rows) else ():
            seen = rows.without(LiveMask("", platform, facts).hidden)
            told.setdefault(platform.value, []).append({"facts": list(facts), **_figures(predict, seen)})
    return told


def _figures(predict: Predict, rows: Dataset) -> dict[str, Any]:
    probabilities = predict(rows)
    confusion = confusion_matrix(rows.labels, probabilities.argmax(1))
    figures = {
        "rows": len(rows),
        "accuracy": float(np.diagonal(confusion).sum() / confusion.sum()),
        "macro_f1": float(class_figures(confusion)[2][np.unique(rows.labels)].mean()),
        "ece": calibration_error(probabilities, rows.labels),
    }
    answer: dict[str, Any] = rounded(figures)
    return answer


def _views(facts: tuple[str, ...]) -> list[tuple[str, ...]]:
    optional = [name for name in facts if name not in _COUNTS]
    poorer = [tuple(name for name in facts if name != lacking) for lacking in optional]
    return [facts, *poorer, (*_COUNTS, "username"), _COUNTS]
