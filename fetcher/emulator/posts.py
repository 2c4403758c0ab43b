"""The newest posts of an emulated account, made so that `contracts.activity.summarize` gives the drawn figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from random import Random

from fetcher.emulator.texts import word

MOST_POSTS = 12
"""As many as `web_profile_info` holds."""
_OWN = 1000
"""Each caption has this many words of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedPost:
    """One post as the platform would show it."""

    taken_at: datetime
    likes: int
    comments: int
    caption: str
    has_location: bool
    is_image: bool


def newest_posts(random: Random, facts: Mapping[str, float], now: datetime) -> list[EmulatedPost]:
    """At most 12 posts, newest first, that end before `now`; none where the account has none."""
    count = min(MOST_POSTS, int(facts["posts"]))
    if count == 0:
        return []
    followers = facts["followers"]
    likes = _spread(random, followers * facts["like_rate_percent"] / 100, count)
    comments = _spread(random, followers * facts["comment_rate_percent"] / 100, count)
    captions = _captions(random, facts, count)
    located = _chosen(random, facts["location_share"], count)
    moving = _chosen(random, facts["non_image_share"], count)
    taken_at = now - timedelta(hours=1 + 48 * random.random())
    posts = []
    for index in range(count):
        posts.append(
            EmulatedPost(
                taken_at=taken_at.replace(microsecond=0),
                likes=likes[index],
                comments=comments[index],
                caption=captions[index],
                has_location=index in located,
                is_image=index not in moving,
            )
        )
        taken_at -= timedelta(hours=max(0.0, facts["hours_between_posts_mean"]))
    return posts


def _spread(random: Random, mean: float, count: int) -> list[int]:
    """`count` whole numbers whose mean is `mean`, to within rounding."""
    weights = [exp(0.4 * random.gauss(0, 1)) for _ in range(count)]
    total, scale = round(mean * count), sum(weights)
    numbers = [int(total * weight / scale) for weight in weights]
    for index in range(total - sum(numbers)):
        numbers[index % count] += 1
    return numbers


def _chosen(random: Random, share: float, count: int) -> frozenset[int]:
    """Which posts make up `share` of all."""
    return frozenset(random.sample(range(count), _whole(random, min(max(share, 0.0), 1.0) * count)))


def _whole(random: Random, value: float) -> int:
    """`value` rounded at random, so that its mean stays."""
    return int(value) + (random.random() < value % 1)


def _captions(random: Random, facts: Mapping[str, float], count: int) -> list[str]:
    empty = _chosen(random, facts["caption_near_empty_share"], count)
    written = [index for index in range(count) if index not in empty]
    if not written:
        return [""] * count
    # Means are over all posts, so the written ones carry the others' part.
    hashtags = _dealt(random, facts["hashtags_per_post_mean"] * count, written)
    promotions = _dealt(random, facts["promo_keywords_per_post"] * count, written)
    follows = _dealt(random, facts["follow_keywords_per_post"] * count, written)
    length = facts["caption_length_mean"] * count / len(written)
    similarity = min(max(facts["caption_similarity_mean"], 0.0), 1.0)
    captions = [""] * count
    phase = random.random()
    for place, index in enumerate(written):
        special = ["#" + word(_OWN * (place + 1) + _OWN // 2 + k) for k in range(hashtags[index])]
        special += ["giveaway"] * promotions[index] + ["f4f"] * follows[index]
        captions[index] = _caption(special, length, similarity, place, phase)
    return captions


def _dealt(random: Random, total: float, places: list[int]) -> dict[int, int]:
    """`total` things dealt as evenly as whole numbers allow."""
    things = _whole(random, total)
    each, rest = divmod(things, len(places))
    lucky = set(random.sample(places, rest))
    return {place: each + (place in lucky) for place in places}


def _caption(special: list[str], length: float, similarity: float, place: int, phase: float) -> str:
    """A caption of about `length` characters, `similarity` of whose words stand in every caption.

    A word counts once in its caption, so the cosine of two captions is the share of words that they have in common;
    `phase` (0 to 1, the same for all captions of an account) rounds that share to whole words.
    """
    room = int(length) - sum(len(each) + 1 for each in special)
    filler: list[str] = []
    shared = own = 0
    while room > 0:
        if shared + 1 - phase <= similarity * (len(special) + len(filler) + 1):
            filler.append(word(shared))
            shared += 1
        else:
            filler.append(word(_OWN * (place + 1) + own))
            own += 1
        room -= len(filler[-1]) + 1
    text = " ".join(filler + special)
    return text if len(text) > 3 else text.ljust(4, ".")
