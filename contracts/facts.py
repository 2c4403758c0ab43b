"""Profiles as the features read them: numbers as they are given, texts as measured characters."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.characters import Characters
from contracts.columns import NUMBER_COLUMNS, Columns, Numbers
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


class Facts:
    """n profiles; each text is measured once, when the first feature asks for it.

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

    def share(self, name: str) -> Numbers:
        """A share, rounded to two decimals."""
        return self._shares[name]

    def log_amount(self, name: str) -> Numbers:
        """ln(1 + amount), negative ones as 0, rounded to steps of 0.02."""
        return self._log_amounts[name]

    @cached_property
    def on_instagram(self) -> NDArray[np.bool_]:
        """Which rows are Instagram's; the others are X's."""
        return np.asarray(self.columns.texts["platform"] == Platform.INSTAGRAM.value, np.bool_)

    @cached_property
    def username(self) -> Characters:
        """The handle."""
        return Characters.of(self.columns.texts["username"])

    @cached_property
    def display_name(self) -> Characters:
        """The name above the handle."""
        return Characters.of(self.columns.texts["display_name"])

    @cached_property
    def biography(self) -> Characters:
        """The text below the name."""
        return Characters.of(self.columns.texts["biography"])

    @cached_property
    def _counts(self) -> dict[str, Numbers]:
        return dict(zip(_COUNTS, round_counts(self._stacked(_COUNTS)), strict=True))

    @cached_property
    def _log_counts(self) -> dict[str, Numbers]:
        return dict(zip(_COUNTS, np.log10(1 + np.stack([self._counts[name] for name in _COUNTS])), strict=True))

    @cached_property
    def _shares(self) -> dict[str, Numbers]:
        return dict(zip(_SHARES, np.round(self._stacked(_SHARES), 2), strict=True))

    @cached_property
    def _log_amounts(self) -> dict[str, Numbers]:
        steps = np.round(np.log1p(np.maximum(self._stacked(_AMOUNTS), 0)) * 50) / 50
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
        return np.where(values >= 1000, np.round(values / step) * step, values)
