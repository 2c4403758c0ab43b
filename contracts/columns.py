"""Profiles as columns: the form in which the feature transform reads one account or a million.

The names are those of the labelled data, so that a training row and a live profile come in by the same door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter

import numpy as np

from contracts.activity import ACTIVITY_FIELDS
from contracts.arrays import Numbers, Texts
from contracts.characters import Characters
from contracts.profile import Profile

__all__ = [
    "AGE_COLUMN",
    "MEASURE_COLUMNS",
    "NUMBER_COLUMNS",
    "PROFILE_COLUMNS",
    "RATE_COLUMNS",
    "TEXT_COLUMNS",
    "Columns",
    "Numbers",
    "Texts",
]

_DAY = timedelta(days=1)
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
_MEANS = ("likes_per_post_mean", "comments_per_post_mean")
AGE_COLUMN = "account_age_days"
"""Days from the account's creation to the fetch (in the labelled data: to the collection), never a date."""
_facts = attrgetter(*PROFILE_COLUMNS)
_statistics = attrgetter(*ACTIVITY_FIELDS)
_UNKNOWN_ACTIVITY = (None,) * len(ACTIVITY_FIELDS)
_UNKNOWN_MEASURES = (None,) * len(MEASURE_COLUMNS)
_UNKNOWN_RATES = (None,) * len(RATE_COLUMNS)
NUMBER_COLUMNS = (*PROFILE_COLUMNS, AGE_COLUMN, *MEASURE_COLUMNS, *ACTIVITY_FIELDS, *RATE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Columns:
    """n profiles, every known column present. Build it by `of` or `from_profiles`.

    `characters` holds every text but the platform as it is measured; `texts` lacks those that were given measured.
    """

    texts: Mapping[str, Texts]
    numbers: Mapping[str, Numbers]
    characters: Mapping[str, Characters] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of rows, n."""
        return len(self.texts["platform"])

    @classmethod
    def of(
        cls,
        texts: Mapping[str, Texts],
        numbers: Mapping[str, Numbers],
        characters: Mapping[str, Characters] | None = None,
    ) -> Columns:
        """Take what a source has; measures and rates are computed where they can be, the rest is unknown.

        Infinite numbers are unknown, others are held within 1e18. A text may come in `characters` instead of `texts`.
        Raises ValueError when `platform` is absent, a column is unknown to us, or columns differ in length.
        """
        if "platform" not in texts:
            raise ValueError("The column `platform` is needed.")
        rows = len(texts["platform"])
        measured = dict(characters or {})
        lengths = {name: len(column) for name, column in (*texts.items(), *numbers.items())}
        for name, length in (lengths | {name: len(column.known) for name, column in measured.items()}).items():
            if name not in TEXT_COLUMNS and name not in NUMBER_COLUMNS:
                raise ValueError(f"There is no column {name!r}.")
            if length != rows:
                raise ValueError(f"Column {name!r} has {length} rows, `platform` has {rows}.")
        whole_texts = {
            name: texts[name] if name in texts else np.full(rows, None, object)
            for name in TEXT_COLUMNS
            if name not in measured
        }
        whole = np.full((len(NUMBER_COLUMNS), rows), np.nan)
        for index, name in enumerate(NUMBER_COLUMNS):
            if name in numbers:
                whole[index] = numbers[name]
        return cls._of_whole(whole_texts, whole, measured)

    @classmethod
    def from_profiles(cls, profiles: Sequence[Profile]) -> Columns:
        """One row per profile, in their order."""
        texts = {name: np.array([getattr(each, name) for each in profiles], object) for name in TEXT_COLUMNS}
        # NumPy reads None as NaN, and one array of all fields costs a single profile less than one for each.
        rows = [
            (
                *_facts(each),
                _age(each),
                *_UNKNOWN_MEASURES,
                *(_UNKNOWN_ACTIVITY if each.activity is None else _statistics(each.activity)),
                *_UNKNOWN_RATES,
            )
            for each in profiles
        ]
        whole = np.array(rows, np.float64).reshape(len(rows), len(NUMBER_COLUMNS)).T
        return cls._of_whole(texts, np.ascontiguousarray(whole), {})

    @classmethod
    def _of_whole(cls, texts: dict[str, Texts], whole: Numbers, measured: dict[str, Characters]) -> Columns:
        """`whole` is float64[NUMBER_COLUMNS, n], changed in place; every text is in `texts` or `measured`."""
        for name in TEXT_COLUMNS[1:]:
            if name not in measured:
                measured[name] = Characters.of(texts[name])
        _bound(whole)
        numbers = dict(zip(NUMBER_COLUMNS, whole, strict=True))
        _derive(measured, numbers)
        return cls(texts, numbers, measured)


def _age(profile: Profile) -> float | None:
    """Days, None where the creation is unknown or lies behind the fetch."""
    if profile.created_at is None or profile.created_at > profile.fetched_at:
        return None
    return (profile.fetched_at - profile.created_at) / _DAY


def _derive(texts: Mapping[str, Characters], numbers: Mapping[str, Numbers]) -> None:
    """Complete the measures and the rates in place where a source did not give them."""
    username, biography = texts["username"], texts["biography"]
    digits = username.digits()
    measures = {
        "username_length": (username.length, username),
        "username_digits": (digits, username),
        "username_digit_share": (digits / username.at_least_one, username),
        "biography_length": (biography.length, biography),
    }
    for name, (measure, text) in measures.items():
        np.copyto(numbers[name], measure, where=np.isnan(numbers[name]) & text.known)
    followers = numbers["followers"]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        each = np.where(followers > 0, followers, np.nan)
        for name, mean in zip(RATE_COLUMNS, _MEANS, strict=True):
            np.copyto(numbers[name], 100 * numbers[mean] / each, where=np.isnan(numbers[name]))


def _bound(values: Numbers) -> None:
    """Infinite is unknown, the rest within 1e18; `values` are changed in place."""
    infinite = np.isinf(values)
    if infinite.any():
        values[infinite] = np.nan
    np.minimum(np.maximum(values, -1e18, out=values), 1e18, out=values)
