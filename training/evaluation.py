"""The figures of a version on labelled accounts: per platform, per source, and under the masks of a live fetch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.columns import AGE_COLUMN
from contracts.model import CLASSES
from contracts.platforms import Platform
from training.dataset import Dataset
from training.live_masks import LIVE_MASKS
from training.measures import measure, reliability

_COLUMN_OF = {"activity": "posts_seen", "created_at": AGE_COLUMN}
"""The column by which a fact of another name is known."""

Predict = Callable[[Dataset], NDArray[np.float64]]
"""n accounts -> probabilities float64[n, 4]."""


def evaluate(
    predict: Predict, dataset: Dataset, thresholds: Mapping[str, float], shut: Predict | None = None
) -> dict[str, Any]:
    """`{"platforms": {platform: figures}, "sources": {source: figures}, "live_masks": {mask: figures}}`.

    `thresholds`: platform -> accusation threshold. A platform or mask without accounts is left out. Holds aggregates
    only. `shut` answers with the gate shut, as if every account were foreign; what it is worth then stands under
    "gate_shut", by platform.
    """
    probabilities = predict(dataset)

    def figures(rows: NDArray[np.bool_], of: NDArray[np.float64] = probabilities) -> dict[str, Any]:
        threshold = thresholds[str(dataset.platforms[rows][0])]
        return measure(of[rows], dataset.labels[rows], threshold)

    present = {platform.value: rows for platform in Platform if (rows := dataset.platforms == platform.value).any()}
    platforms = {
        name: figures(rows) | {"reliability": reliability(probabilities[rows], dataset.labels[rows])}
        for name, rows in present.items()
    }
    foreign = shut(dataset) if shut else probabilities
    gate_shut = {name: figures(rows, foreign) for name, rows in present.items()} if shut else {}
    sources = {str(source): figures(dataset.sources == source) for source in np.unique(dataset.sources.astype(str))}
    masked = _masked(predict, dataset, thresholds)
    return {"platforms": platforms, "sources": sources, "live_masks": masked, "gate_shut": gate_shut}


def _masked(predict: Predict, dataset: Dataset, thresholds: Mapping[str, float]) -> dict[str, Any]:
    masked: dict[str, Any] = {}
    for mask in LIVE_MASKS:
        rows = dataset.where(dataset.platforms == mask.platform.value)
        if not len(rows):
            continue
        seen = rows.without(mask.hidden)
        whole = seen.frame[[_COLUMN_OF.get(name, name) for name in mask.facts]].notna().all(axis=1).to_numpy()
        threshold = thresholds[mask.platform.value]
        masked[mask.name] = measure(predict(seen), seen.labels, threshold) | {
            "rows_with_every_field": int(whole.sum()),
            "classes_without_support": [
                name for index, name in enumerate(CLASSES) if not (whole & (seen.labels == index)).any()
            ],
        }
    return masked
