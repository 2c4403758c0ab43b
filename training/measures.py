"""Measures of predictions against labels. Classes without a row are left out of every average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from contracts.model import CLASSES, is_unsure

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]
HUMANS = (CLASSES.index("regular"), CLASSES.index("influencer"))
COVERAGES = (0.8, 0.9, 1.0)
_BINS = 15
_LEAST_IN_BIN = 20


def measure(probabilities: Probabilities, labels: Labels, threshold: float, *, seed: int = 0) -> dict[str, Any]:
    """Every figure of one group of n >= 1 accounts, ready for JSON.

    `probabilities` float[n, 4], `labels` int[n]. `threshold`: the probability from which a label is displayed.
    """
    predicted = probabilities.argmax(1)
    confusion = confusion_matrix(labels, predicted)
    classes = [index for index in range(len(CLASSES)) if confusion[index].any()]
    precision, recall, f1 = class_figures(confusion)
    figures: dict[str, Any] = {
        "rows": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "macro_f1": float(f1[classes].mean()),
        "ece": calibration_error(probabilities, labels),
        "precision": _by_class(precision, classes),
        "recall": _by_class(recall, classes),
        "f1": _by_class(f1, classes),
        "confusion": {CLASSES[index]: dict(zip(CLASSES, map(int, confusion[index]), strict=True)) for index in classes},
        "coverage": {f"{share:g}": accuracy_at(share, probabilities, labels) for share in COVERAGES},
        "prediction_sets": prediction_sets(probabilities, labels, 0.9),
        "accused_humans": accused_humans(probabilities, labels, threshold),
        "unsure": unsure(probabilities, threshold),
        "intervals": bootstrap(probabilities, labels, threshold, seed),
    }
    if len(classes) > 1:
        areas = {CLASSES[index]: (labels == index, probabilities[:, index]) for index in classes}
        figures["roc_auc"] = {name: float(roc_auc_score(*area)) for name, area in areas.items()}
        figures["pr_auc"] = {name: float(average_precision_score(*area)) for name, area in areas.items()}
    if len(classes) == 2:
        figures["auc"] = two_class_area(probabilities, labels, classes)
    return figures


def confusion_matrix(labels: Labels, predicted: Labels) -> NDArray[np.int64]:
    """int64[4, 4]: rows are labels, columns predictions."""
    size = len(CLASSES)
    return np.bincount(labels * size + predicted, minlength=size * size).reshape(size, size)


def class_figures(confusion: NDArray[Any]) -> tuple[Probabilities, Probabilities, Probabilities]:
    """Precision, recall and F1 of each class over the last two axes; 0 where there is nothing to divide by."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    called, actual = confusion.sum(-2), confusion.sum(-1)
    return hits / np.maximum(called, 1), hits / np.maximum(actual, 1), 2 * hits / np.maximum(called + actual, 1)


def calibration_error(probabilities: Probabilities, labels: Labels) -> float:
    """ECE of the top label over 15 bins of equal width."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    gaps = np.abs(np.bincount(_bins(confidence), right - confidence, _BINS))
    return float(gaps.sum() / len(labels))


def reliability(probabilities: Probabilities, labels: Labels, bins: int = 10) -> list[dict[str, float]]:
    """Mean top probability beside accuracy in each of `bins` of equal width that holds at least 20 accounts."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    places = np.clip((confidence * bins).astype(int), 0, bins - 1)
    return [
        {"confidence": float(confidence[here].mean()), "accuracy": float(right[here].mean()), "rows": int(here.sum())}
        for place in range(bins)
        if (here := places == place).sum() >= _LEAST_IN_BIN
    ]


def accuracy_at(share: float, probabilities: Probabilities, labels: Labels) -> float:
    """Accuracy over the `share` of accounts of which the model is surest."""
    surest = np.argsort(-probabilities.max(1), kind="stable")[: max(1, round(share * len(labels)))]
    return float((probabilities.argmax(1) == labels)[surest].mean())


def prediction_sets(probabilities: Probabilities, labels: Labels, level: float) -> dict[str, float]:
    """The smallest sets of classes of at least `level` probability: how often they hold the truth, their mean size."""
    order = np.argsort(-probabilities, 1, kind="stable")
    before = np.cumsum(np.take_along_axis(probabilities, order, 1), 1) - np.take_along_axis(probabilities, order, 1)
    taken = before < level
    return {
        "level": level,
        "holds_truth": float((taken & (order == labels[:, np.newaxis])).any(1).mean()),
        "mean_size": float(taken.sum(1).mean()),
    }


def accused_humans(probabilities: Probabilities, labels: Labels, threshold: float) -> float | None:
    """The share of regular accounts and influencers called bot or fake at or above `threshold`; None without humans."""
    humans = np.isin(labels, HUMANS)
    if not humans.any():
        return None
    accused = ~np.isin(probabilities.argmax(1), HUMANS) & (probabilities.max(1) >= threshold)
    return float(accused[humans].mean())


def unsure(probabilities: Probabilities, threshold: float) -> float:
    """The share of accounts whose label is not stated plainly, see `contracts.model.is_unsure`."""
    answers = zip(probabilities.argmax(1), probabilities.max(1), strict=True)
    return float(np.mean([is_unsure(CLASSES[label], probability, threshold) for label, probability in answers]))


def two_class_area(probabilities: Probabilities, labels: Labels, classes: list[int]) -> float:
    """ROC AUC of a group of two classes.

    Humans against the others are ranked by bot + fake, other pairs by the second class's part of the two.
    """
    first, second = classes
    if (first in HUMANS) == (second in HUMANS):
        score = probabilities[:, second] / np.maximum(probabilities[:, [first, second]].sum(1), 1e-12)
        return float(roc_auc_score(labels == second, score))
    inauthentic = [index for index in range(len(CLASSES)) if index not in HUMANS]
    return float(roc_auc_score(~np.isin(labels, HUMANS), probabilities[:, inauthentic].sum(1)))


def bootstrap(
    probabilities: Probabilities, labels: Labels, threshold: float, seed: int = 0, draws: int = 1000
) -> dict[str, Any]:
    """95% intervals when the accounts are drawn again with replacement.

    `{"accuracy": [low, high], "macro_f1", "ece", "recall": {class: [low, high]}, "accused_humans"}`; the last is None
    without humans. Accounts of one label, prediction, bin of confidence and side of the threshold count as one kind.
    """
    predicted, confidence = probabilities.argmax(1), probabilities.max(1)
    size, accuses = len(CLASSES), ~np.isin(predicted, HUMANS) & (confidence >= threshold)
    bins = _bins(confidence)
    kinds, first, kind, rows = np.unique(
        ((labels * size + predicted) * _BINS + bins) * 2 + accuses,
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    drawn = np.random.default_rng(seed).multinomial(len(labels), rows / len(labels), draws)
    cells = np.eye(size * size)[kinds // (2 * _BINS)]
    confusion = (drawn @ cells).reshape(draws, size, size)
    classes = np.unique(labels)
    recall, f1 = class_figures(confusion)[1:]
    gap = np.bincount(kind, (predicted == labels) - confidence) / rows
    gaps = drawn @ (np.eye(_BINS)[bins[first]] * gap[:, np.newaxis])
    human = np.isin(labels[first], HUMANS)
    accused = drawn @ (human & accuses[first]) / np.maximum(drawn @ human, 1)
    return {
        "accuracy": _interval(np.trace(confusion, axis1=1, axis2=2) / len(labels)),
        "macro_f1": _interval(f1[:, classes].mean(1)),
        "ece": _interval(np.abs(gaps).sum(1) / len(labels)),
        "recall": {CLASSES[index]: _interval(recall[:, index]) for index in classes},
        "accused_humans": _interval(accused) if human.any() else None,
    }


def _interval(values: Probabilities) -> list[float]:
    return [float(end) for end in np.quantile(values, (0.025, 0.975))]


def _bins(confidence: Probabilities) -> Labels:
    return np.clip((confidence * _BINS).astype(np.int64), 0, _BINS - 1)


def _by_class(values: Probabilities, classes: list[int]) -> dict[str, float]:
    return {CLASSES[index]: float(values[index]) for index in classes}
