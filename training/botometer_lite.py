"""The columns of BotometerLite (Yang et al., AAAI 2020, table 1), without those that need dates or withdrawn fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_COUNTS = ("followers", "following", "posts", "likes_given", "listed", "username_length", "username_digits")
_ALPHABET = 64
"""Letters of both cases, digits, underscore and dot: how many successors a character of a handle can have."""


@dataclass(frozen=True, slots=True)
class BotometerLiteColumns:
    """Turns cleaned rows into columns; `bigrams` are counted over the training handles and never leave memory."""

    bigrams: Mapping[tuple[str, str], int]
    firsts: Mapping[str, int]

    @classmethod
    def learn(cls, training: pd.DataFrame) -> BotometerLiteColumns:
        """Count the bigrams of the training rows' handles."""
        handles = [handle for handle in training["username"] if isinstance(handle, str)]
        bigrams = Counter(pair for handle in handles for pair in pairwise(handle))
        firsts = Counter(first for handle in handles for first in handle[:-1])
        return cls(bigrams, firsts)

    def of(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """float64[n, 12]; an unknown value is -1."""
        names = [name if isinstance(name, str) else None for name in rows["display_name"]]
        columns = [rows[name].to_numpy(np.float64) for name in _COUNTS]
        columns += [
            rows["followers"].to_numpy(np.float64) / np.maximum(rows["following"].to_numpy(np.float64), 1),
            rows["biography_length"].to_numpy(np.float64),
            _numbers([None if name is None else len(name) for name in names]),
            _numbers([None if name is None else sum(map(str.isdigit, name)) for name in names]),
            _numbers([self._likelihood(handle) if isinstance(handle, str) else None for handle in rows["username"]]),
        ]
        table: NDArray[np.float64] = np.stack(columns, axis=1)
        return np.where(np.isnan(table), -1, table)

    def _likelihood(self, handle: str) -> float:
        """Geometric mean of the chances of each character after the one before it."""
        chances = [
            log((self.bigrams.get((one, two), 0) + 1) / (self.firsts.get(one, 0) + _ALPHABET))
            for one, two in pairwise(handle)
        ]
        return exp(sum(chances) / len(chances)) if chances else 0.0


def _numbers(values: list[int | None] | list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)
