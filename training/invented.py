"""Invented profiles of both platforms, with everything, something and almost nothing known. None is a real account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from contracts.activity import Activity
from contracts.platforms import Platform
from contracts.profile import Profile

_TODAY = datetime(2026, 1, 1, tzinfo=UTC)
_SYLLABLES = "ka lo mi ren to su vel ara bin do fe gu".split()
_WORDS = "tea rivers maps bread chess snow lamps trains gardens clay".split()


def invent(rows: int, seed: int = 0) -> list[Profile]:
    """`rows` profiles, by turns on X and on Instagram, the same for the same seed."""
    random = np.random.default_rng(seed)
    return [_profile(random, list(Platform)[index % 2]) for index in range(rows)]


def _profile(random: np.random.Generator, platform: Platform) -> Profile:
    def count(typical: float, spread: float = 2.0) -> int:
        return int(min(random.lognormal(np.log(typical), spread), 1e8))

    words = " ".join(random.choice(_WORDS, random.integers(0, 12)))
    facts: dict[str, Any] = {
        "username": "".join(random.choice(_SYLLABLES, 3))
        + "".join(map(str, random.integers(0, 10, random.integers(0, 7)))),
        "display_name": " ".join(random.choice(_SYLLABLES, 2)).title(),
        "biography": words,
        "followers": count(500),
        "following": count(300, 1.5),
        "posts": count(300),
        "has_avatar": bool(random.random() < 0.8),
        "has_url": bool(random.random() < 0.3),
    }
    if platform is Platform.X:
        age = timedelta(days=min(random.lognormal(np.log(1200), 1), 7000))
        facts |= {"likes_given": count(300), "listed": count(3), "created_at": _TODAY - age}
    else:
        facts |= {"has_highlight_reels": bool(random.random() < 0.5), "activity": _activity(random, facts["followers"])}
    known_share = random.choice([1.0, 1.0, 0.8, 0.4])
    known = {name: value for name, value in facts.items() if random.random() < known_share}
    return Profile(platform=platform, fetched_at=_TODAY, **known)


def _activity(random: np.random.Generator, followers: int) -> Activity:
    likes = followers * random.lognormal(np.log(0.03), 1)
    return Activity(
        posts_seen=12,
        likes_per_post_mean=likes,
        comments_per_post_mean=likes * random.uniform(0, 0.1),
        hours_between_posts_mean=random.lognormal(4, 1.5),
        location_share=random.uniform(),
        hashtags_per_post_mean=random.lognormal(0, 1),
        caption_length_mean=random.lognormal(4, 1),
        caption_near_empty_share=random.uniform(0, 0.4),
        non_image_share=random.uniform(),
        promo_keywords_per_post=random.uniform(0, 1),
        follow_keywords_per_post=random.uniform(0, 1),
        caption_similarity_mean=random.uniform(0, 0.5),
        comments_disabled_share=0.0,
    )
