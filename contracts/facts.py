"""Profiles as the features read them: numbers as they are given, texts as measured characters."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.characters import Characters
from contracts.columns import AGE_COLUMN, NUMBER_COLUMNS, Columns, Numbers
from contracts.platforms import Platform

_COUNTS = ("followers", "following", "posts", "likes_given", "listed")
_SHARES = (*(name for name in NUMBER_COLUMNS if name.endswith("_share")), "caption_similarity_mean")
_AMOUNTS = (
    "like_rate_percent",
    "comment_rate_percent",
    "hours_between_posts_mean",
    "hashtags_per_post_mean",
    "caption_length_mean",
    "promo_keywords_per_post",
    "follow_keywords_per_post",
)
_INSTAGRAM = Platform.INSTAGRAM.value
OLDEST_DAYS = 12 * 365.25
"""Ages up to which accounts were learned from: X began in 2006 and the labelled accounts were collected until 2020."""


class Facts:
    """n profiles.

    Columns that go through the same formula go through it together: for one profile the number of operations counts.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def number(self, name: str) -> Numbers:
        """A numeric column, NaN = unknown."""
        return self.columns.numbers[name]

    def count(self, name: str) -> Numbers:
        """A count as platforms display it, see `round_counts`."""
        return self._counts[name]

    def log_count(self, name: str) -> Numbers:
        """log10(1 + a count as platforms display it)."""
        return self._log_counts[name]

    @cached_property
    def log_age(self) -> Numbers:
        """log10(1 + whole days from creation to fetch); unknown beyond `OLDEST_DAYS`, of which nothing was learned."""
        days = self.columns.numbers[AGE_COLUMN]
        logs: Numbers = np.log10(1 + np.floor(np.where((days >= 0) & (days <= OLDEST_DAYS), days, np.nan)))
        return logs

    def share(self, name: str) -> Numbers:
        """A share, rounded to two decimals."""
        return self._shares[name]

    def log_amount(self, name: str) -> Numbers:
        """ln(1 + amount), negative ones as 0, rounded to steps of 0.02."""
        return self._log_amounts[name]

    @cached_property
    def on_instagram(self) -> NDArray[np.bool_]:
        """Which rows are Instagram's; the others are X's."""
        return np.asarray(self.columns.texts["platform"] == _INSTAGRAM, np.bool_)

    @property
    def username(self) -> Characters:
        """The handle."""
        return self.columns.characters["username"]

    @property
    def display_name(self) -> Characters:
        """The name above the handle."""
        return self.columns.characters["display_name"]

    @property
    def biography(self) -> Characters:
        """The text below the name."""
        return self.columns.characters["biography"]

    @cached_property
    def _rounded(self) -> Numbers:
        return round_counts(self._stacked(_COUNTS))

    @cached_property
    def _counts(self) -> dict[str, Numbers]:
        return dict(zip(_COUNTS, self._rounded, strict=True))

    @cached_property
    def _log_counts(self) -> dict[str, Numbers]:
        return dict(zip(_COUNTS, np.log10(1 + self._rounded), strict=True))

    @cached_property
    def _shares(self) -> dict[str, Numbers]:
        return dict(zip(_SHARES, self._stacked(_SHARES).round(2), strict=True))

    @cached_property
    def _log_amounts(self) -> dict[str, Numbers]:
        steps = np.rint(np.log1p(np.maximum(self._stacked(_AMOUNTS), 0)) * 50) / 50
        return dict(zip(_AMOUNTS, steps, strict=True))

    def _stacked(self, names: tuple[str, ...]) -> Numbers:
        """float64[names, n]."""
        return np.array([self.columns.numbers[name] for name in names])


def round_counts(counts: Numbers) -> Numbers:
    """Counts from 1,000 rounded to two significant digits, as platforms display them; others as they are.

    One of the collections was read off the screen, and an unrounded count would name every other one.
    """
    values = np.maximum(np.asarray(counts, np.float64), 0)
    with np.errstate(invalid="ignore"):
        step = 10.0 ** (np.floor(np.log10(np.maximum(values, 1))) - 1)
        return np.where(values >= 1000, np.rint(values / step) * step, values)
