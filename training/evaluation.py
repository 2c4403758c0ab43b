"""The figures of a version on labelled accounts: per platform, per source, and under the masks of a live fetch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.model import CLASSES
from contracts.platforms import Platform
from training.dataset import Dataset
from training.live_masks import LIVE_MASKS
from training.measures import measure

Predict = Callable[[Dataset], NDArray[np.float64]]
"""n accounts -> probabilities float64[n, 4]."""


def evaluate(predict: Predict, dataset: Dataset, threshold: float) -> dict[str, Any]:
    """`{"platforms": {platform: figures}, "sources": {source: figures}, "live_masks": {mask: figures}}`.

    A platform or mask without accounts is left out. Holds aggregates only.
    """
    probabilities = predict(dataset)

    def figures(rows: NDArray[np.bool_]) -> dict[str, Any]:
        return measure(probabilities[rows], dataset.labels[rows], threshold)

    platforms = {
        platform.value: figures(rows) for platform in Platform if (rows := dataset.platforms == platform.value).any()
    }
    sources = {str(source): figures(dataset.sources == source) for source in np.unique(dataset.sources.astype(str))}
    return {"platforms": platforms, "sources": sources, "live_masks": _masked(predict, dataset, threshold)}


def _masked(predict: Predict, dataset: Dataset, threshold: float) -> dict[str, Any]:
    masked: dict[str, Any] = {}
    for mask in LIVE_MASKS:
        rows = dataset.where(dataset.platforms == mask.platform.value)
        if not len(rows):
            continue
        seen = rows.without(mask.hidden)
        whole = seen.frame[[name for name in mask.facts if name != "activity"]].notna().all(axis=1).to_numpy()
        if "activity" in mask.facts:
            whole = whole & seen.frame["posts_seen"].notna().to_numpy()
        masked[mask.name] = measure(predict(seen), seen.labels, threshold) | {
            "rows_with_every_field": int(whole.sum()),
            "classes_without_support": [
                name for index, name in enumerate(CLASSES) if not (whole & (seen.labels == index)).any()
            ],
        }
    return masked
