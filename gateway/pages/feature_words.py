"""The words and numbers in which a page tells features to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import expm1, isfinite

from contracts.columns import Columns
from contracts.features import FEATURES
from gateway.wording import amount, count, hours, percent

FEATURE_WORDS: Mapping[str, str] = {
    "is_instagram": "Platform",
    "followers": "Followers",
    "following": "Following",
    "posts": "Posts",
    "likes_given": "Likes given",
    "listed": "Lists it is on",
    "no_followers": "Any followers",
    "no_following": "Follows anybody",
    "no_posts": "Any posts",
    "no_likes_given": "Any likes given",
    "not_listed": "On any list",
    "followers_to_following": "Followers per account followed",
    "posts_to_followers": "Posts per follower",
    "posts_to_following": "Posts per account followed",
    "likes_given_to_posts": "Likes given per post",
    "likes_given_to_followers": "Likes given per follower",
    "listed_to_followers": "Lists per follower",
    "listed_to_posts": "Lists per post",
    "account_age": "Age of the account",
    "followers_per_day": "Followers gained per day",
    "following_per_day": "Accounts followed per day",
    "posts_per_day": "Posts per day",
    "likes_given_per_day": "Likes given per day",
    "listed_per_day": "Lists joined per day",
    "followers_share": "Followers among all contacts",
    "has_avatar": "Profile picture",
    "has_url": "Link in the profile",
    "has_highlight_reels": "Highlight reels",
    "username_length": "Length of the handle",
    "username_digits": "Digits in the handle",
    "username_digit_share": "Share of digits in the handle",
    "username_trailing_digits": "Digits at the end of the handle",
    "username_upper_share": "Capitals in the handle",
    "username_vowel_share": "Vowels in the handle",
    "username_underscores": "Underscores in the handle",
    "username_dots": "Dots in the handle",
    "username_entropy": "Variety of the handle",
    "username_switches": "Changes of character in the handle",
    "username_starts_upper": "Handle begins with a capital",
    "username_starts_digit": "Handle begins with a digit",
    "display_name_length": "Length of the name",
    "display_name_words": "Words in the name",
    "display_name_upper_share": "Capitals in the name",
    "display_name_digit_share": "Digits in the name",
    "display_name_other_letter_share": "Letters beyond a to z in the name",
    "display_name_symbols": "Emoji and symbols in the name",
    "display_name_punctuation": "Punctuation in the name",
    "display_name_starts_upper": "Name begins with a capital",
    "name_handle_likeness": "Likeness of name and handle",
    "name_in_handle": "Name found in the handle",
    "biography_length": "Length of the biography",
    "no_biography": "Any biography",
    "biography_words": "Words in the biography",
    "biography_word_length": "Length of words in the biography",
    "biography_upper_share": "Capitals in the biography",
    "biography_vowel_share": "Vowels in the biography",
    "biography_digit_share": "Digits in the biography",
    "biography_latin_share": "Accented letters in the biography",
    "biography_other_script_share": "Other scripts in the biography",
    "biography_symbols": "Emoji and symbols in the biography",
    "biography_mentions": "Mentions in the biography",
    "biography_hashtags": "Hashtags in the biography",
    "biography_links": "Links in the biography",
    "biography_exclamations": "! and ? in the biography",
    "biography_stops": "Full stops in the biography",
    "biography_separators": "Separators in the biography",
    "biography_punctuation_share": "Punctuation in the biography",
    "biography_entropy": "Variety of the biography",
    "biography_starts_upper": "Biography begins with a capital",
    "biography_ends_sentence": "Biography ends as a sentence",
    "like_rate_percent": "Likes per post, of followers",
    "comment_rate_percent": "Comments per post, of followers",
    "hours_between_posts_mean": "Time between posts",
    "location_share": "Posts with a place",
    "hashtags_per_post_mean": "Hashtags per post",
    "caption_length_mean": "Length of captions",
    "caption_near_empty_share": "Posts almost without caption",
    "non_image_share": "Posts that are no picture",
    "promo_keywords_per_post": "Promotion words per post",
    "follow_keywords_per_post": "Follow-me words per post",
    "caption_similarity_mean": "Likeness of captions",
}

_DENIALS = frozenset("no_followers no_following no_posts no_likes_given not_listed no_biography".split())
"""Features that say that something is absent; people are told whether it is there."""
_UNITS = {feature.name: feature.unit for feature in FEATURES}


def feature_title(name: str) -> str:
    """The name of a feature for people; one without words goes by its own name."""
    return FEATURE_WORDS.get(name) or name.replace("_", " ").capitalize()


def feature_text(name: str, raw: float | None, columns: Columns) -> str:
    """The value of a feature for people: the number that was read, where there is one, else `raw` out of its unit.

    `raw` is in the unit of contracts/features.py, None where it is unknown; `columns` holds one row.
    """
    if raw is None:
        return "unknown"
    if name == "is_instagram":
        return "Instagram" if raw else "X"
    unit = _UNITS[name]
    if unit == "flag" or name.startswith("has_"):
        return "yes" if bool(raw) != (name in _DENIALS) else "no"
    read = float(columns.numbers[name][0]) if name in columns.numbers else float("nan")
    return _writer(unit)(read if isfinite(read) else _out_of(unit, raw))


def _out_of(unit: str, raw: float) -> float:
    """Undo the logarithm that stands in the unit's name."""
    if unit.startswith("log10(1 + "):
        return float(10**raw) - 1
    if unit.startswith("ln(1 + "):
        return expm1(raw)
    return float(10**raw) if unit.startswith("log10") else raw


def _writer(unit: str) -> Callable[[float], str]:
    if "percent" in unit:
        return lambda number: f"{amount(number)}%"
    if "hours" in unit:
        return hours
    if "days" in unit:
        return lambda number: f"{count(number)} days"
    if "count" in unit:
        return count
    return percent if unit.startswith("share, ") else amount
