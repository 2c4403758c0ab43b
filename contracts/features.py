"""The only transform from a profile to numbers, used by training and by the gateway alike.

`normalize` is stateless and columnar. Each feature is a number in [-1, 1], fixed by constants of this schema, followed
in the tensor by its mask: 1 where the value is known, 0 where it is not (the value is then 0). Whatever is learned from
data lives in the SavedModel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.columns import Columns, Numbers
from contracts.platforms import Platform

SCHEMA_VERSION = 1
"""Rises with every change of a formula, a constant or the order; a gateway refuses a version of another schema."""

Formula = Callable[[Columns], Numbers]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: `compute` gives raw values, NaN = unknown; the tensor holds (raw - center) / scale, clipped.

    `formula` says how the raw value is made, `source` which columns it needs.
    """

    name: str
    unit: str
    formula: str
    source: tuple[str, ...]
    center: float
    scale: float
    compute: Formula


def _log_count(name: str, top: float) -> Feature:
    """log10(1 + count), so that 0 is -1 and 10^top is 1."""
    return Feature(
        name=name,
        unit="log10(1 + count)",
        formula=f"log10(1 + {name}), counts from 1,000 rounded to two significant digits",
        source=(name,),
        center=top / 2,
        scale=top / 2,
        compute=lambda columns: np.log10(1 + round_counts(columns.numbers[name])),
    )


def _log_ratio(name: str, over: str, under: str) -> Feature:
    return Feature(
        name=name,
        unit="log10 ratio",
        formula=f"log10((1 + {over}) / (1 + {under}))",
        source=(over, under),
        center=0,
        scale=6,
        compute=lambda columns: (
            np.log10(1 + round_counts(columns.numbers[over])) - np.log10(1 + round_counts(columns.numbers[under]))
        ),
    )


def _share(name: str) -> Feature:
    """A share from 0 to 1, or a flag of 0 or 1."""
    return Feature(name, "share, 0 to 1", name, (name,), 0.5, 0.5, lambda columns: columns.numbers[name])


def _amount(name: str, unit: str, top: float) -> Feature:
    """A number from 0 to `top` on a linear scale."""
    return Feature(name, unit, name, (name,), top / 2, top / 2, lambda columns: columns.numbers[name])


def _log_amount(name: str, unit: str, low: float, top: float) -> Feature:
    """A positive number of many magnitudes: log10(10^low + value) from `low` to `top`."""
    return Feature(
        name=name,
        unit=f"log10 {unit}",
        formula=f"log10({10**low:g} + {name})",
        source=(name,),
        center=(low + top) / 2,
        scale=(top - low) / 2,
        compute=lambda columns: np.log10(10**low + np.maximum(columns.numbers[name], 0)),
    )


def round_counts(counts: Numbers) -> Numbers:
    """Counts from 1,000 rounded to two significant digits, as platforms display them; others as they are.

    One of the collections was read off the screen, and an unrounded count would name every other one.
    """
    values = np.maximum(counts, 0)
    step = 10.0 ** (np.floor(np.log10(np.maximum(values, 1))) - 1)
    return np.where(values >= 1000, np.round(values / step) * step, values)


FEATURES: tuple[Feature, ...] = (
    Feature(
        name="is_instagram",
        unit="flag",
        formula="1 on Instagram, 0 on X",
        source=("platform",),
        center=0.5,
        scale=0.5,
        compute=lambda columns: (columns.texts["platform"] == Platform.INSTAGRAM.value).astype(np.float64),
    ),
    _log_count("followers", 9),
    _log_count("following", 7),
    _log_count("posts", 7),
    _log_count("likes_given", 7),
    _log_count("listed", 7),
    _log_ratio("followers_to_following", "followers", "following"),
    _log_ratio("posts_to_followers", "posts", "followers"),
    _log_ratio("posts_to_following", "posts", "following"),
    _log_ratio("likes_given_to_posts", "likes_given", "posts"),
    _log_ratio("listed_to_followers", "listed", "followers"),
    _share("has_avatar"),
    _share("has_url"),
    _share("has_highlight_reels"),
    _amount("username_length", "characters", 30),
    _amount("username_digits", "digits", 15),
    _share("username_digit_share"),
    _amount("biography_length", "characters", 200),
    _log_amount("like_rate_percent", "percent", -2, 3),
    _log_amount("comment_rate_percent", "percent", -3, 2),
    _log_amount("hours_between_posts_mean", "hours", -1, 4.5),
    _share("location_share"),
    _log_amount("hashtags_per_post_mean", "hashtags per post", -1, 1.5),
    _log_amount("caption_length_mean", "characters", 0, 3.5),
    _share("caption_near_empty_share"),
    _share("non_image_share"),
    _log_amount("promo_keywords_per_post", "words per post", -1, 1.5),
    _log_amount("follow_keywords_per_post", "words per post", -1, 1.5),
    _share("caption_similarity_mean"),
)

VALUE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURE_NAMES = VALUE_NAMES + tuple(f"{name}_known" for name in VALUE_NAMES)
"""Names of the tensor's columns: the values, then their masks."""
F = len(FEATURE_NAMES)
"""Width of the tensor."""


def normalize(columns: Columns) -> NDArray[np.float32]:
    """Turn n accounts into float32[n, F], every element in [-1, 1], never NaN or infinite."""
    tensor = np.zeros((len(columns), F), np.float32)
    for index, feature in enumerate(FEATURES):
        raw = feature.compute(columns)
        known = np.isfinite(raw)
        scaled = np.clip((np.where(known, raw, feature.center) - feature.center) / feature.scale, -1, 1)
        tensor[:, index] = np.where(known, scaled, 0)
        tensor[:, len(FEATURES) + index] = known
    return tensor


def raw_values(columns: Columns) -> dict[str, Numbers]:
    """The features in their units, before scaling, NaN where unknown: what a person is shown beside a contribution."""
    return {feature.name: feature.compute(columns) for feature in FEATURES}
