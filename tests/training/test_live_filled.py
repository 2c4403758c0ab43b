"""Influencers are judged with what every live account has."""

from __future__ import annotations

import numpy as np

from contracts.features import VALUE_NAMES, F
from training.dataset import Dataset
from training.live_filled import live_filled


def with_posts(dataset: Dataset) -> Dataset:
    regular = dataset.frame["label"] == "regular"
    return Dataset.of(dataset.frame.assign(like_rate_percent=np.where(regular, 2.0, np.nan)))


def test_influencers_take_posts_of_regular_accounts(dataset: Dataset) -> None:
    known = F // 2 + VALUE_NAMES.index("like_rate_percent")
    answers = live_filled(
        lambda features: np.stack(
            [features[:, known] * 0, features[:, known] * 0, features[:, known], 0.5 + features[:, 0] * 0], 1
        ),
        with_posts(dataset),
    )
    assert answers == {"with recent posts": 1.0, "without recent posts": 0.0}


def test_data_without_posts_have_no_such_figure(dataset: Dataset) -> None:
    assert live_filled(lambda features: np.zeros((len(features), 4)), dataset) == {}
