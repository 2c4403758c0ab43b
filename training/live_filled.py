"""Instagram's influencers as a live fetch shows them: the data know their counts and handle only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contracts.activity import ACTIVITY_FIELDS
from contracts.columns import RATE_COLUMNS
from contracts.model import CLASSES
from contracts.platforms import Platform
from training.dataset import Dataset
from training.fields import ALWAYS, FIELDS, silenced

_OPTIONAL = silenced(set(FIELDS) - set(ALWAYS))
_POSTS = silenced({*ACTIVITY_FIELDS, *RATE_COLUMNS})


def live_filled(
    predict: Callable[[NDArray[np.float32]], NDArray[np.float64]], dataset: Dataset
) -> dict[str, float | None]:
    """The recall of Instagram's influencers that take biography, picture, link and posts from regular accounts.

    Every live influencer has these and no row of the data does, so this is the nearest thing to a live figure.
    """
    rows = dataset.where(dataset.platforms == Platform.INSTAGRAM.value)
    influencers = rows.features[rows.labels == CLASSES.index("influencer")]
    filled = rows.features[rows.labels == CLASSES.index("regular")]
    filled = filled[(filled * _POSTS).any(1)]
    if not len(influencers) or not len(filled):
        return {}
    lent = filled[np.arange(len(influencers)) % len(filled)]
    with_posts = np.where(_OPTIONAL, lent, influencers)
    return {
        "with recent posts": _recall(predict(with_posts)),
        "without recent posts": _recall(predict(np.where(_POSTS, 0, with_posts).astype(np.float32))),
    }


def _recall(probabilities: NDArray[np.float64]) -> float:
    return float((probabilities.argmax(1) == CLASSES.index("influencer")).mean())
