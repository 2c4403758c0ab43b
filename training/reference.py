"""Reference quantiles and the shares of the classes: aggregates of many accounts, for people to compare with."""

from __future__ import annotations

import numpy as np

from contracts.features import FEATURES, raw_values
from contracts.model import CLASSES
from contracts.platforms import Platform
from training.dataset import Dataset

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Never 0 or 1: an extreme is one account."""


def quantiles(dataset: Dataset, accounts: int) -> dict[str, dict[str, tuple[float, ...]]]:
    """platform -> feature -> its values at LEVELS, in its unit; left out if known of fewer than `accounts`."""
    tables: dict[str, dict[str, tuple[float, ...]]] = {}
    for platform in Platform:
        rows = dataset.where(dataset.platforms == platform.value)
        if not len(rows):
            continue
        values = {name: column[np.isfinite(column)] for name, column in raw_values(rows.columns).items()}
        tables[platform.value] = {
            feature.name: tuple(round(float(value), 4) for value in np.quantile(values[feature.name], LEVELS))
            for feature in FEATURES
            if len(values[feature.name]) >= accounts
        }
    return tables


def base_rates(dataset: Dataset) -> dict[str, dict[str, float]]:
    """platform -> class -> its share of the rows, which the probabilities assume."""
    return {
        platform.value: {name: round(float(np.mean(labels == index)), 4) for index, name in enumerate(CLASSES)}
        for platform in Platform
        if len(labels := dataset.labels[dataset.platforms == platform.value])
    }
