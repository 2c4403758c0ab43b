"""The words in which a page tells classes, features and numbers to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ClassWords:
    """`title` heads a bar; `phrase` follows "looks like"; `meaning` explains the class in one sentence."""

    title: str
    phrase: str
    meaning: str


CLASS_WORDS: Mapping[str, ClassWords] = {
    "regular": ClassWords(
        "Regular", "a regular account", "One person, or a small group, posting for themselves and people they know."
    ),
    "bot": ClassWords("Bot", "an automated account", "Posts or follows by program, whether or not it says so."),
    "influencer": ClassWords("Influencer", "an influencer", "Followed by many who are not followed back."),
    "fake": ClassWords(
        "Fake", "a fake account", "Pretends to be someone, or exists to raise the numbers of other accounts."
    ),
}


class Kind(StrEnum):
    """How a number of a feature reads."""

    PLATFORM = "platform"
    COUNT = "count"
    RATIO = "ratio"
    FLAG = "flag"
    SHARE = "share"
    PERCENT = "percent"
    HOURS = "hours"
    AMOUNT = "amount"


FEATURE_WORDS: Mapping[str, tuple[str, Kind]] = {
    "is_instagram": ("Platform", Kind.PLATFORM),
    "followers": ("Followers", Kind.COUNT),
    "following": ("Following", Kind.COUNT),
    "posts": ("Posts", Kind.COUNT),
    "likes_given": ("Likes given", Kind.COUNT),
    "listed": ("Lists it is on", Kind.COUNT),
    "followers_to_following": ("Followers per account followed", Kind.RATIO),
    "posts_to_followers": ("Posts per follower", Kind.RATIO),
    "posts_to_following": ("Posts per account followed", Kind.RATIO),
    "likes_given_to_posts": ("Likes given per post", Kind.RATIO),
    "listed_to_followers": ("Lists per follower", Kind.RATIO),
    "has_avatar": ("Profile picture", Kind.FLAG),
    "has_url": ("Link in the profile", Kind.FLAG),
    "has_highlight_reels": ("Highlight reels", Kind.FLAG),
    "username_length": ("Length of the handle", Kind.AMOUNT),
    "username_digits": ("Digits in the handle", Kind.AMOUNT),
    "username_digit_share": ("Share of digits in the handle", Kind.SHARE),
    "biography_length": ("Length of the biography", Kind.AMOUNT),
    "like_rate_percent": ("Likes per post, of followers", Kind.PERCENT),
    "comment_rate_percent": ("Comments per post, of followers", Kind.PERCENT),
    "hours_between_posts_mean": ("Time between posts", Kind.HOURS),
    "location_share": ("Posts with a place", Kind.SHARE),
    "hashtags_per_post_mean": ("Hashtags per post", Kind.AMOUNT),
    "caption_length_mean": ("Length of captions", Kind.AMOUNT),
    "caption_near_empty_share": ("Posts almost without caption", Kind.SHARE),
    "non_image_share": ("Posts that are no picture", Kind.SHARE),
    "promo_keywords_per_post": ("Promotion words per post", Kind.AMOUNT),
    "follow_keywords_per_post": ("Follow-me words per post", Kind.AMOUNT),
    "caption_similarity_mean": ("Likeness of captions", Kind.SHARE),
}
"""Feature -> its name for people and how its number reads. A feature without words is shown by its own name."""

FACT_WORDS: Mapping[str, str] = {
    "username": "Handle",
    "display_name": "Display name",
    "biography": "Biography",
    "followers": "Followers",
    "following": "Following",
    "posts": "Posts",
    "likes_given": "Likes given",
    "listed": "Lists it is on",
    "has_avatar": "Profile picture",
    "has_url": "Link",
    "has_highlight_reels": "Highlight reels",
    "activity": "Recent posts",
}


def percent(share: float) -> str:
    """A probability or share for a person: whole percents, never rounded to certainty."""
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share:.0%}"


def count(number: float) -> str:
    """A whole number with its thousands apart."""
    return f"{round(number):,}"


def amount(number: float) -> str:
    """A number with as many digits as a person reads: 0.013, 2.4, 310."""
    if number == 0 or number >= 100:
        return count(number)
    return f"{number:.1f}".removesuffix(".0") if number >= 1 else f"{number:.2g}"


def hours(number: float) -> str:
    """A duration in its natural unit."""
    if number < 1:
        return f"{amount(number * 60)} min"
    return f"{amount(number)} h" if number < 48 else f"{amount(number / 24)} days"


_READERS: Mapping[Kind, Callable[[float], str]] = {
    Kind.PLATFORM: lambda number: "Instagram" if number else "X",
    Kind.FLAG: lambda number: "yes" if number else "no",
    Kind.COUNT: count,
    Kind.SHARE: percent,
    Kind.PERCENT: lambda number: f"{amount(number)}%",
    Kind.HOURS: hours,
    Kind.RATIO: amount,
    Kind.AMOUNT: amount,
}


def value_words(kind: Kind, number: float) -> str:
    """`number` as it reads for its kind; counts, amounts and hours as they are, ratios as quotients."""
    return _READERS[kind](number)
