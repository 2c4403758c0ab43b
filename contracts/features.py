"""The only transform from a profile to numbers, used by training and by the gateway alike.

`normalize` is stateless and columnar. Each feature is a number in [-1, 1], fixed by constants of this schema, followed
in the tensor by its mask: 1 where the value is known, 0 where it is not (the value is then 0). Whatever is learned from
data lives in the SavedModel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from contracts.columns import AGE_COLUMN, Columns, Numbers
from contracts.facts import Facts, round_counts
from contracts.feature import (
    Feature,
    Formula,
    flag,
    from_zero,
    log_amount,
    log_count,
    log_ratio,
    no_count,
    per_day,
    share,
)
from contracts.text_features import BIOGRAPHY_FEATURES, DISPLAY_NAME_FEATURES, USERNAME_FEATURES

__all__ = [
    "FEATURES",
    "FEATURE_NAMES",
    "SCHEMA_VERSION",
    "VALUE_NAMES",
    "F",
    "Feature",
    "Formula",
    "normalize",
    "raw_values",
    "round_counts",
    "scale",
    "scale_rows",
]

SCHEMA_VERSION = 3
"""Rises with every change of a formula, a constant or the order; a gateway refuses a version of another schema."""

FEATURES: tuple[Feature, ...] = (
    from_zero(
        "is_instagram",
        "flag",
        "1 on Instagram, 0 on X",
        ("platform",),
        1,
        lambda facts: facts.on_instagram.astype(np.float64),
    ),
    log_count("followers", 9),
    log_count("following", 7),
    log_count("posts", 7),
    log_count("likes_given", 7),
    log_count("listed", 7),
    no_count("no_followers", "followers"),
    no_count("no_following", "following"),
    no_count("no_posts", "posts"),
    no_count("no_likes_given", "likes_given"),
    no_count("not_listed", "listed"),
    log_ratio("followers_to_following", "followers", "following"),
    log_ratio("posts_to_followers", "posts", "followers"),
    log_ratio("posts_to_following", "posts", "following"),
    log_ratio("likes_given_to_posts", "likes_given", "posts"),
    log_ratio("likes_given_to_followers", "likes_given", "followers"),
    log_ratio("listed_to_followers", "listed", "followers"),
    log_ratio("listed_to_posts", "listed", "posts"),
    from_zero(
        "account_age",
        "log10(1 + days)",
        "log10(1 + whole days from creation to fetch), unknown beyond 12 years, of which no account was learned from",
        (AGE_COLUMN,),
        4,
        lambda facts: facts.log_age,
    ),
    per_day("followers"),
    per_day("following"),
    per_day("posts"),
    per_day("likes_given"),
    per_day("listed"),
    from_zero(
        "followers_share",
        "share, 0 to 1",
        "(followers + 0.5) / (followers + following + 1), counts rounded as above",
        ("followers", "following"),
        1,
        lambda facts: (facts.count("followers") + 0.5) / (facts.count("followers") + facts.count("following") + 1),
    ),
    flag("has_avatar"),
    flag("has_url"),
    flag("has_highlight_reels"),
    *USERNAME_FEATURES,
    *DISPLAY_NAME_FEATURES,
    *BIOGRAPHY_FEATURES,
    log_amount("like_rate_percent", "percent", 6),
    log_amount("comment_rate_percent", "percent", 4),
    log_amount("hours_between_posts_mean", "hours", 10),
    share("location_share"),
    log_amount("hashtags_per_post_mean", "hashtags per post", 3.5),
    log_amount("caption_length_mean", "characters", 8),
    share("caption_near_empty_share"),
    share("non_image_share"),
    log_amount("promo_keywords_per_post", "words per post", 2.5),
    log_amount("follow_keywords_per_post", "words per post", 2.5),
    share("caption_similarity_mean"),
)

VALUE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURE_NAMES = VALUE_NAMES + tuple(f"{name}_known" for name in VALUE_NAMES)
"""Names of the tensor's columns: the values, then their masks."""
F = len(FEATURE_NAMES)
"""Width of the tensor."""


def normalize(columns: Columns) -> NDArray[np.float32]:
    """Turn n accounts into float32[n, F], every element in [-1, 1], never NaN or infinite."""
    return scale(raw_values(columns))


def scale(values: Mapping[str, Numbers]) -> NDArray[np.float32]:
    """The tensor of `raw_values`, for callers that need both."""
    return scale_rows(np.array(list(values.values())))


def scale_rows(raw: NDArray[np.float64]) -> NDArray[np.float32]:
    """The tensor of raw values, float64[values, n], which are changed in place."""
    known = np.isfinite(raw)
    tensor = np.empty((F, raw.shape[1] + _APART), np.float32)[:, :-_APART]
    tensor[len(raw) :] = known
    raw -= _CENTER
    raw /= _SCALE
    # An unknown value stands at the center, which is 0 in the tensor.
    np.copyto(raw, 0, where=~known)
    np.minimum(np.maximum(raw, -1, out=raw), 1, out=raw)
    tensor[: len(raw)] = raw
    return np.ascontiguousarray(tensor.T)


def raw_values(columns: Columns) -> dict[str, Numbers]:
    """The features in their units, before scaling, NaN where unknown: what a person is shown beside a contribution."""
    facts = Facts(columns)
    with np.errstate(invalid="ignore", over="ignore"):
        return {feature.name: feature.compute(facts) for feature in FEATURES}


_APART = 16
"""So many elements lie between the rows that are turned into columns.

Rows that begin a power of two apart fall on the same few lines of the processor's cache: that took eight times as long.
"""
_CENTER = np.array([[feature.center] for feature in FEATURES])
_SCALE = np.array([[feature.scale] for feature in FEATURES])
