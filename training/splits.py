"""Which rows train, which validate and which judge; always by the hash in row_id or by source, never by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.platforms import Platform

Flags = NDArray[np.bool_]

NON_COMMERCIAL = "instafake-"
"""Sources with this prefix never train weights that ship."""


def p1_held_out(frame: pd.DataFrame) -> Flags:
    """The 15% of every source that judge in distribution: int(row_id[:8], 16) % 100 < 15."""
    return _hash(frame, 0) % 100 < 15


def validation(frame: pd.DataFrame, percent: int) -> Flags:
    """`percent` of any rows, by the other half of the hash, so that it is independent of `p1_held_out`."""
    return _hash(frame, 8) % 100 < percent


def may_ship(frame: pd.DataFrame) -> Flags:
    """Rows whose licence allows that they train weights which ship."""
    return ~frame["source"].str.startswith(NON_COMMERCIAL).to_numpy(np.bool_)


@dataclass(frozen=True, slots=True)
class Fold:
    """One refit of P2: what `is_test` marks is judged, every other row of `platform` trains.

    A source "name/even" or "name/odd" means the rows of `name` with an even or odd int(row_id, 16).
    """

    platform: Platform
    name: str
    sources: tuple[str, ...]

    def is_test(self, frame: pd.DataFrame) -> Flags:
        """The rows of the fold's test sources."""
        odd = _hash(frame, 8) % 2 == 1
        marked = np.zeros(len(frame), np.bool_)
        for entry in self.sources:
            source, _, parity = entry.partition("/")
            half = {"": True, "even": ~odd, "odd": odd}[parity]
            marked |= (frame["source"] == source).to_numpy(np.bool_) & half
        return marked & (frame["platform"] == self.platform.value).to_numpy(np.bool_)

    def is_training(self, frame: pd.DataFrame) -> Flags:
        """Every other row of the platform."""
        return (frame["platform"] == self.platform.value).to_numpy(np.bool_) & ~self.is_test(frame)


def _hash(frame: pd.DataFrame, start: int) -> NDArray[np.int64]:
    """Eight hex digits of row_id from `start`, as a number."""
    return np.array([int(row_id[start : start + 8], 16) for row_id in frame["row_id"]], np.int64)


def _fold(platform: Platform, name: str, sources: str) -> Fold:
    return Fold(platform, name, tuple(sources.split()))


P2_FOLDS = (
    _fold(Platform.X, "A", "cresci-2015-e13 cresci-2015-tfp stock-2018-bots vendor-purchased-2019 celebrity-2019"),
    _fold(Platform.X, "B", "stock-2018-humans botwiki-2019 pronbots-2019 cresci-2017-fake-followers verified-2019"),
    _fold(
        Platform.X,
        "C",
        "cresci-2017-genuine cresci-2017-social-spambots-1 cresci-2017-social-spambots-2 "
        "cresci-2017-social-spambots-3 vendor-purchased-2019 verified-2019",
    ),
    _fold(
        Platform.X,
        "D",
        "unmatched-37k-humans feedback-2019-humans cresci-2017-traditional-spambots-1 "
        "cresci-2017-traditional-spambots-2 cresci-2017-traditional-spambots-3 cresci-2017-traditional-spambots-4 "
        "cresci-2017-fake-followers celebrity-2019",
    ),
    _fold(
        Platform.INSTAGRAM,
        "A",
        "purba2020-real purba2020-active-fake instafake-fake kim2020-influencers/even",
    ),
    _fold(
        Platform.INSTAGRAM,
        "B",
        "instafake-real instafake-nonautomated purba2020-spammer kaggle-ig-fake kim2020-influencers/odd",
    ),
    _fold(
        Platform.INSTAGRAM,
        "C",
        "kaggle-ig-genuine purba2020-active-fake purba2020-inactive-fake kim2020-influencers/even",
    ),
)
"""The folds of the published protocol, so that figures can be compared."""
