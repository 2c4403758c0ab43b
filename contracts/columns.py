"""Profiles as columns: the form in which the feature transform reads one account or a million.

The names are those of the labelled data, so that a training row and a live profile come in by the same door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.activity import ACTIVITY_FIELDS
from contracts.profile import Profile

Numbers = NDArray[np.float64]
"""n values, NaN = unknown."""
Texts = NDArray[np.object_]
"""n texts, None = unknown."""

TEXT_COLUMNS = ("platform", "username", "display_name", "biography")
PROFILE_COLUMNS = (
    "followers",
    "following",
    "posts",
    "likes_given",
    "listed",
    "has_avatar",
    "has_url",
    "has_highlight_reels",
)
MEASURE_COLUMNS = ("username_length", "username_digits", "username_digit_share", "biography_length")
"""Measures of a text; taken from the text where it is known, though a source may give them without it."""
RATE_COLUMNS = ("like_rate_percent", "comment_rate_percent")
"""100 x mean likes (comments) per post / followers; a source may give them without the means."""
NUMBER_COLUMNS = (*PROFILE_COLUMNS, *MEASURE_COLUMNS, *ACTIVITY_FIELDS, *RATE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Columns:
    """n profiles, every known column present. Build it by `of` or `from_profiles`."""

    texts: Mapping[str, Texts]
    numbers: Mapping[str, Numbers]

    def __len__(self) -> int:
        """The number of rows, n."""
        return len(self.texts["platform"])

    @classmethod
    def of(cls, texts: Mapping[str, Texts], numbers: Mapping[str, Numbers]) -> Columns:
        """Take what a source has; measures and rates are computed where they can be, the rest is unknown.

        Infinite numbers are unknown, others are held within 1e18. Raises ValueError when `platform` is absent, a column
        is unknown to us, or columns differ in length.
        """
        if "platform" not in texts:
            raise ValueError("The column `platform` is needed.")
        rows = len(texts["platform"])
        for name, column in (*texts.items(), *numbers.items()):
            if name not in TEXT_COLUMNS and name not in NUMBER_COLUMNS:
                raise ValueError(f"There is no column {name!r}.")
            if len(column) != rows:
                raise ValueError(f"Column {name!r} has {len(column)} rows, `platform` has {rows}.")
        whole_texts = {name: texts.get(name, np.full(rows, None, object)) for name in TEXT_COLUMNS}
        unknown = np.full(rows, np.nan)
        whole = _bounded(np.array([numbers.get(name, unknown) for name in NUMBER_COLUMNS], np.float64))
        return cls(whole_texts, _derived(whole_texts, dict(zip(NUMBER_COLUMNS, whole, strict=True))))

    @classmethod
    def from_profiles(cls, profiles: Sequence[Profile]) -> Columns:
        """One row per profile, in their order."""
        texts = {name: np.array([getattr(each, name) for each in profiles], object) for name in TEXT_COLUMNS}
        numbers = {name: _numbers([getattr(each, name) for each in profiles]) for name in PROFILE_COLUMNS}
        for name in ACTIVITY_FIELDS:
            numbers[name] = _numbers(
                [None if each.activity is None else getattr(each.activity, name) for each in profiles]
            )
        return cls.of(texts, numbers)


def _derived(texts: Mapping[str, Texts], numbers: dict[str, Numbers]) -> dict[str, Numbers]:
    usernames, biographies = texts["username"], texts["biography"]
    digits = _measure(usernames, lambda text: sum(map(str.isdigit, text)))
    measures = {
        "username_length": _measure(usernames, len),
        "username_digits": digits,
        "username_digit_share": digits / np.maximum(_measure(usernames, len), 1),
        "biography_length": _measure(biographies, len),
    }
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        followers = np.where(numbers["followers"] > 0, numbers["followers"], np.nan)
        measures["like_rate_percent"] = 100 * numbers["likes_per_post_mean"] / followers
        measures["comment_rate_percent"] = 100 * numbers["comments_per_post_mean"] / followers
    return numbers | {
        name: np.where(np.isnan(numbers[name]), computed, numbers[name]) for name, computed in measures.items()
    }


def _bounded(values: Numbers) -> Numbers:
    """`values`, changed in place."""
    values[np.isinf(values)] = np.nan
    return np.clip(values, -1e18, 1e18, out=values)


def _measure(texts: Texts, measure: Callable[[str], int]) -> Numbers:
    return np.array([np.nan if text is None else measure(text) for text in texts], np.float64)


def _numbers(values: Sequence[float | None]) -> Numbers:
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)
