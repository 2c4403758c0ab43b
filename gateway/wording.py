"""The words in which a page tells classes, facts and numbers to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
    "created_at": "Age of the account",
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


def ago(seconds: float) -> str:
    """How long ago something was."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        number = int(seconds // size)
        if number >= 1:
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def hours(number: float) -> str:
    """A duration in its natural unit."""
    if number < 1:
        return f"{amount(number * 60)} min"
    return f"{amount(number)} h" if number < 48 else f"{amount(number / 24)} days"


def span(seconds: float) -> str:
    """How long something takes."""
    return f"{round(seconds)} s" if seconds < 90 else hours(seconds / 3600)
