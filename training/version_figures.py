"""All that is measured of one version on labelled accounts: what it carries, and what `evaluate` prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.platforms import Platform
from training.dataset import Dataset
from training.evaluation import Predict, evaluate
from training.live_filled import live_filled
from training.stress import stress
from training.views import views

Answer = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""features float32[n, F] -> probabilities float64[n, 4]."""


def version_figures(answer: Answer, shut: Answer, judged: Dataset, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """What `evaluation.evaluate` gives, and "views", "stress" by platform and "live_filled".

    `shut` answers with the gate shut; `thresholds`: platform -> accusation threshold.
    """
    predict = on_rows(answer)
    return evaluate(predict, judged, thresholds, on_rows(shut)) | {
        "accusation_thresholds": dict(thresholds),
        "views": views(predict, judged),
        "live_filled": live_filled(answer, judged),
        "stress": {
            platform.value: stress(predict, judged.where(rows), thresholds[platform.value])
            for platform in Platform
            if (rows := judged.platforms == platform.value).any()
        },
    }


def on_rows(answer: Answer) -> Predict:
    """`answer` for whole rows."""
    return lambda rows: answer(rows.features)
