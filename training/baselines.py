"""What the network has to beat, fitted as anyone would: a shallow tree, logistic regression, two ensembles of trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from contracts.model import CLASSES
from training.botometer_lite import BotometerLiteColumns
from training.dataset import Dataset
from training.evaluation import Predict


class LibraryMissing(click.ClickException):
    """A library of the operating system is missing; the message says how to get it."""


Method = Callable[[Dataset], Predict]
"""Fits on some accounts and returns what judges others."""


def on_features(classifier: Callable[[], Any]) -> Method:
    """A scikit-learn classifier on the same tensor as the network."""

    def fit(training: Dataset) -> Predict:
        fitted = classifier().fit(training.features, training.labels)
        return lambda rows: all_classes(fitted.classes_, fitted.predict_proba(rows.features))

    return fit


def botometer_lite(seed: int, threads: int) -> Method:
    """A random forest on BotometerLite's columns (Yang et al., AAAI 2020), those of them that a live fetch gives."""

    def fit(training: Dataset) -> Predict:
        columns = BotometerLiteColumns.learn(training.frame)
        forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=seed, n_jobs=threads)
        forest.fit(columns.of(training.frame), training.labels)
        return lambda rows: all_classes(forest.classes_, forest.predict_proba(columns.of(rows.frame)))

    return fit


def baselines(seed: int, threads: int) -> dict[str, Method]:
    """Name -> method, in the order in which they are shown."""
    return {
        "depth-3 tree": on_features(lambda: DecisionTreeClassifier(max_depth=3, random_state=seed)),
        "logistic regression": on_features(
            lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=400, C=0.3))
        ),
        "random forest (BotometerLite)": botometer_lite(seed, threads),
        "LightGBM": on_features(lambda: _lightgbm(seed, threads)),
    }


def _lightgbm(seed: int, threads: int) -> Any:
    """A classifier; raises LibraryMissing where the machine lacks OpenMP's library, which only LightGBM needs."""
    try:
        from lightgbm import LGBMClassifier  # noqa: PLC0415
    except OSError as error:
        raise LibraryMissing(f"LightGBM cannot be loaded ({error}). On Debian: apt-get install libgomp1") from None
    return LGBMClassifier(
        n_estimators=200, num_leaves=31, learning_rate=0.08, random_state=seed, n_jobs=threads, verbose=-1
    )


def all_classes(present: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[n, 4] where the classes that were not learned have 0."""
    whole = np.zeros((len(probabilities), len(CLASSES)))
    whole[:, present] = probabilities
    return whole
