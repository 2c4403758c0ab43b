"""Labelled accounts as arrays: what the network, the baselines and the evaluation read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.columns import NUMBER_COLUMNS, TEXT_COLUMNS, Columns
from contracts.features import normalize
from contracts.model import CLASSES
from training.cleaning import clean, read_rows
from training.data_folder import find_files

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Dataset:
    """n accounts: `frame` of cleaned rows, `features` float32[n, F], `labels` int64[n] (positions in CLASSES)."""

    frame: pd.DataFrame
    features: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of accounts, n."""
        return len(self.labels)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Dataset:
        """Transform the rows of `cleaning.clean`."""
        labels = frame["label"].map({name: index for index, name in enumerate(CLASSES)}).to_numpy()
        return cls(frame, normalize(to_columns(frame)), np.asarray(labels, np.int64))

    @classmethod
    def read(cls, folder: Path) -> tuple[Dataset, dict[str, int]]:
        """Every labelled account below `folder`, and how many rows were dropped for which reason; raises NoData."""
        cleaned = clean(read_rows(find_files(folder)))
        return cls.of(cleaned.frame), cleaned.dropped

    @property
    def platforms(self) -> NDArray[np.object_]:
        """The platform of each account."""
        return self.frame["platform"].to_numpy(object)

    @property
    def sources(self) -> NDArray[np.object_]:
        """The collection of each account."""
        return self.frame["source"].to_numpy(object)

    @property
    def columns(self) -> Columns:
        """The facts in their units."""
        return to_columns(self.frame)

    def where(self, kept: Flags) -> Dataset:
        """The accounts that `kept` marks."""
        return Dataset(self.frame[kept].reset_index(drop=True), self.features[kept], self.labels[kept])

    def without(self, columns: tuple[str, ...]) -> Dataset:
        """The same accounts with `columns` unknown."""
        frame = self.frame.copy()
        for name in columns:
            frame[name] = np.nan if name in NUMBER_COLUMNS else None
        return Dataset.of(frame)


def to_columns(frame: pd.DataFrame) -> Columns:
    """The rows of `cleaning.clean` in the form that the feature transform reads."""
    texts = {
        name: frame[name].astype(object).where(frame[name].notna(), None).to_numpy(object) for name in TEXT_COLUMNS
    }
    return Columns.of(texts, {name: frame[name].to_numpy(np.float64) for name in NUMBER_COLUMNS})
