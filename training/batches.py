"""Training rows in batches, drawn anew each epoch."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from contracts.model import CLASSES
from training.balancing import draw_chances, row_weights
from training.config import BalanceConfig
from training.dataset import Dataset


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras publishes no types.
    """(features, one-hot labels, row weights) of `dataset`; an epoch draws as many rows as there are."""

    def __init__(self, dataset: Dataset, balance: BalanceConfig, size: int, seed: int) -> None:
        super().__init__()
        self._features = dataset.features
        self._labels = np.eye(len(CLASSES), dtype=np.float32)[dataset.labels]
        self._chances = draw_chances(dataset.labels, dataset.sources, balance)
        self._weights = row_weights(dataset.labels, dataset.sources, balance).astype(np.float32)
        self._even = balance.resampling == 0
        self._size = size
        self._random = np.random.default_rng(seed)
        self._order = self._draw()

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self._features) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        """One batch."""
        rows = self._order[index * self._size : (index + 1) * self._size]
        return self._features[rows], self._labels[rows], self._weights[rows]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's rows."""
        self._order = self._draw()

    def _draw(self) -> NDArray[np.int64]:
        rows = len(self._features)
        if self._even:
            return self._random.permutation(rows)
        return self._random.choice(rows, rows, p=self._chances)
