"""What the newest posts of an account say, as a handful of statistics; captions never travel further than this.

The definitions are those of the labelled data (docs/model-card.md), so that a live account and a training row mean the
same by the same name. Sources: Purba et al., IJECE 2020 (rates, shares, similarity); Akyon & Kalfaoglu 2019 (per post).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import combinations, pairwise
from math import sqrt
from statistics import fmean, median, pstdev
from typing import Any

from contracts.json_fields import read_count, read_number, read_object

MAX_POSTS = 50
_PROMOTION = re.compile(r"regrann|contest|repost|giveaway|mention|share|give away|quiz")
_FOLLOW = re.compile(r"follow|like|folback|follback|f4f")
_HASHTAG = re.compile(r"#\w+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Post:
    """One post as a platform gave it; None is unknown."""

    created_at: datetime
    likes: int | None = None
    comments: int | None = None
    caption: str | None = None
    has_location: bool | None = None
    is_image: bool | None = None
    comments_disabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Statistics over the `posts_seen` newest posts; None is unknown. Shares run from 0 to 1."""

    posts_seen: int
    likes_per_post_mean: float | None = None
    likes_per_post_median: float | None = None
    likes_per_post_std: float | None = None
    comments_per_post_mean: float | None = None
    comments_per_post_median: float | None = None
    comments_per_post_std: float | None = None
    hours_between_posts_mean: float | None = None
    location_share: float | None = None
    hashtags_per_post_mean: float | None = None
    caption_length_mean: float | None = None
    caption_near_empty_share: float | None = None
    non_image_share: float | None = None
    promo_keywords_per_post: float | None = None
    follow_keywords_per_post: float | None = None
    caption_similarity_mean: float | None = None
    comments_disabled_share: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Activity:
        """Read `to_json`'s form; raises InvalidField."""
        record = read_object(value, "activity", frozenset(ACTIVITY_FIELDS))
        statistics = {
            name: read_number(record[name], f"activity.{name}", high=1.0 if name in _SHARES else 1e18)
            for name in ACTIVITY_FIELDS[1:]
            if record.get(name) is not None
        }
        return cls(posts_seen=read_count(record.get("posts_seen"), "activity.posts_seen"), **statistics)

    def to_json(self) -> dict[str, float | None]:
        """One number or null per field."""
        return {name: getattr(self, name) for name in ACTIVITY_FIELDS}


ACTIVITY_FIELDS = tuple(field.name for field in fields(Activity))
_SHARES = frozenset(name for name in ACTIVITY_FIELDS if name.endswith("_share")) | {"caption_similarity_mean"}


def summarize(posts: Sequence[Post]) -> Activity:
    """Statistics of `posts`, at most the `MAX_POSTS` newest of which are read, in any order."""
    newest = sorted(posts, key=lambda post: post.created_at, reverse=True)[:MAX_POSTS]
    captions = [post.caption.lower() for post in newest if post.caption is not None]
    likes = [float(post.likes) for post in newest if post.likes is not None]
    comments = [float(post.comments) for post in newest if post.comments is not None]
    return Activity(
        posts_seen=len(newest),
        likes_per_post_mean=_mean(likes),
        likes_per_post_median=median(likes) if likes else None,
        likes_per_post_std=pstdev(likes) if likes else None,
        comments_per_post_mean=_mean(comments),
        comments_per_post_median=median(comments) if comments else None,
        comments_per_post_std=pstdev(comments) if comments else None,
        hours_between_posts_mean=_mean(
            [(later.created_at - earlier.created_at).total_seconds() / 3600 for later, earlier in pairwise(newest)]
        ),
        location_share=_share([post.has_location for post in newest]),
        hashtags_per_post_mean=_mean([float(len(_HASHTAG.findall(caption))) for caption in captions]),
        caption_length_mean=_mean([float(len(caption)) for caption in captions]),
        caption_near_empty_share=_share([len(caption) <= 3 for caption in captions]),
        non_image_share=_share([None if post.is_image is None else not post.is_image for post in newest]),
        promo_keywords_per_post=_mean([float(len(_PROMOTION.findall(caption))) for caption in captions]),
        follow_keywords_per_post=_mean([float(len(_FOLLOW.findall(caption))) for caption in captions]),
        caption_similarity_mean=_similarity(captions),
        comments_disabled_share=_share([post.comments_disabled for post in newest]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _share(flags: Sequence[bool | None]) -> float | None:
    return _mean([float(flag) for flag in flags if flag is not None])


def _similarity(captions: Sequence[str]) -> float | None:
    """Mean cosine similarity of the word counts over all pairs of captions; captions without words are left out."""
    bags = [bag for caption in captions if (bag := Counter(_WORD.findall(caption)))]
    return _mean([_cosine(one, other) for one, other in combinations(bags, 2)])


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    dot = sum(count * other[word] for word, count in one.items())
    lengths = sqrt(sum(c * c for c in one.values()) * sum(c * c for c in other.values()))
    return min(1.0, dot / lengths)
