"""The published protocols: P1 (held-out rows) and P2 (unseen sources), the network beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from contracts.platforms import Platform
from training.baselines import Method
from training.dataset import Dataset
from training.evaluation import evaluate
from training.measures import HUMANS
from training.rounding import rounded
from training.splits import P2_FOLDS, Fold, may_ship, p1_held_out

ACCUSED_AT_MOST = 0.05
_KEPT = ("rows", "accuracy", "macro_f1", "ece", "recall", "coverage", "accused_humans", "unsure", "prediction_sets")
_AVERAGED = ("accuracy", "macro_f1", "ece", "accused_humans", "unsure")
Tell = Callable[[str], None]


def run_p1(
    dataset: Dataset, methods: Mapping[str, Method], thresholds: Mapping[str, float], tell: Tell
) -> dict[str, Any]:
    """platform -> method -> figures on the rows that P1 holds out; non-commercial sources are on neither side."""
    shipping = dataset.where(may_ship(dataset.frame))
    answers: dict[str, Any] = {}
    for platform in Platform:
        rows = shipping.where(shipping.platforms == platform.value)
        held_out = p1_held_out(rows.frame)
        if not held_out.any():
            continue
        answers[platform.value] = {}
        for name, method in methods.items():
            tell(f"P1 {platform.title}: {name}")
            predict = method(rows.where(~held_out))
            answers[platform.value][name] = evaluate(predict, rows.where(held_out), thresholds)
    return answers


def run_p2(
    dataset: Dataset,
    methods: Mapping[str, Method],
    thresholds: Mapping[str, float],
    tell: Tell,
    folds: Sequence[Fold] = P2_FOLDS,
) -> dict[str, Any]:
    """platform -> method -> `{"mean": figures, "folds": {fold: figures}, "threshold": ...}`; one refit per fold.

    `threshold` of a method: the lowest probability above which at most 5% of the folds' humans are accused.
    """
    answers: dict[str, Any] = {}
    for platform in Platform:
        present = [fold for fold in folds if fold.platform is platform and fold.is_test(dataset.frame).any()]
        if not present:
            continue
        answers[platform.value] = {}
        for name, method in methods.items():
            figures: dict[str, Any] = {}
            accusations: list[float] = []
            for fold in present:
                tell(f"P2 {platform.title} fold {fold.name}: {name}")
                test = dataset.where(fold.is_test(dataset.frame))
                predict = method(dataset.where(fold.is_training(dataset.frame)))
                figures[fold.name] = evaluate(predict, test, thresholds)
                accusations.extend(accusing(predict(test), test))
            answers[platform.value][name] = {
                "mean": _mean([each["platforms"][platform.value] for each in figures.values()]),
                "live_masks": _mean_masks(list(figures.values())),
                "threshold": float(np.quantile(accusations, 1 - ACCUSED_AT_MOST)),
                "folds": figures,
            }
    return answers


def slim(answers: dict[str, Any]) -> dict[str, Any]:
    """What the model card needs of the answers of `run_p1` and `run_p2`, rounded: small enough to be committed."""
    short: dict[str, Any] = {}
    for platform, methods in answers.get("p1", {}).items():
        for name, figures in methods.items():
            short.setdefault("p1", {}).setdefault(platform, {})[name] = _short(figures["platforms"][platform])
    for platform, methods in answers.get("p2", {}).items():
        for name, figures in methods.items():
            short.setdefault("p2", {}).setdefault(platform, {})[name] = rounded(
                {
                    "mean": figures["mean"],
                    "threshold": figures["threshold"],
                    "live_masks": figures["live_masks"],
                    "folds": {fold: _short(each["platforms"][platform]) for fold, each in figures["folds"].items()},
                }
            )
    return short


def _short(figures: dict[str, Any]) -> Any:
    return rounded({name: figures[name] for name in _KEPT})


def accusing(probabilities: Any, rows: Dataset) -> list[float]:
    """Of each human among `rows`: the probability of the accusation, 0 where the label is none."""
    human = np.isin(rows.labels, HUMANS)
    top = np.where(np.isin(probabilities.argmax(1), HUMANS), 0, probabilities.max(1))
    return [float(value) for value in top[human]]


def _mean(folds: list[dict[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {
        name: float(np.mean([fold[name] for fold in folds if fold[name] is not None])) for name in _AVERAGED
    }
    classes = dict.fromkeys(name for fold in folds for name in fold["recall"])
    means["recall"] = {
        name: float(np.mean([fold["recall"][name] for fold in folds if name in fold["recall"]])) for name in classes
    }
    means["coverage"] = {
        share: float(np.mean([fold["coverage"][share] for fold in folds])) for share in folds[0]["coverage"]
    }
    means["rows"] = sum(fold["rows"] for fold in folds)
    return means


def _mean_masks(folds: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: _mean([fold["live_masks"][name] for fold in folds]) for name in folds[0]["live_masks"]}
