"""Profiles as the features read them: numbers as they are given, texts as measured characters."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.characters import Characters
from contracts.columns import Columns, Numbers
from contracts.platforms import Platform


class Facts:
    """n profiles; each text is measured once, when the first feature asks for it."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def number(self, name: str) -> Numbers:
        """A numeric column, NaN = unknown."""
        return self.columns.numbers[name]

    def count(self, name: str) -> Numbers:
        """A count as platforms display it, see `round_counts`."""
        return self._counts[name]

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
        names = ("followers", "following", "posts", "likes_given", "listed")
        return {name: round_counts(self.columns.numbers[name]) for name in names}


def round_counts(counts: Numbers) -> Numbers:
    """Counts from 1,000 rounded to two significant digits, as platforms display them; others as they are.

    One of the collections was read off the screen, and an unrounded count would name every other one.
    """
    values = np.maximum(np.asarray(counts, np.float64), 0)
    with np.errstate(invalid="ignore"):
        step = 10.0 ** (np.floor(np.log10(np.maximum(values, 1))) - 1)
        return np.where(values >= 1000, np.round(values / step) * step, values)
