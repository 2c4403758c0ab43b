"""Features of the handle, the display name and the biography: shapes of texts, never words.

Nothing here names an account: the measures count kinds of characters, and the likeness of name and handle compares
64 hashed bits of the two with each other.
"""

from __future__ import annotations

import numpy as np

from contracts.characters import Characters, Kind
from contracts.columns import Numbers
from contracts.facts import Facts
from contracts.feature import Feature, from_zero, of_text, share, where

_COUNT, _SHARE, _FLAG = "characters", "share, 0 to 1", "flag"
_SIGNS = (
    Kind.UNDERSCORE,
    Kind.STOP,
    Kind.AT,
    Kind.HASH,
    Kind.EXCLAMATION,
    Kind.SLASH,
    Kind.PUNCTUATION,
    Kind.SEPARATOR,
)


def _words(text: Characters) -> Numbers:
    return np.where(text.length > 0, text.count(Kind.SPACE) + 1, 0)


USERNAME_FEATURES: tuple[Feature, ...] = (
    from_zero(
        "username_length",
        _COUNT,
        "username_length",
        ("username_length",),
        30,
        lambda facts: facts.number("username_length"),
    ),
    from_zero(
        "username_digits",
        "digits",
        "username_digits",
        ("username_digits",),
        8,
        lambda facts: facts.number("username_digits"),
    ),
    share("username_digit_share"),
    of_text("username", "trailing_digits", "digits", "digits at the end", 8, lambda text: text.trailing(Kind.DIGIT)),
    of_text("username", "upper_share", _SHARE, "upper case among letters a to z", 1, Characters.upper_share),
    of_text("username", "vowel_share", _SHARE, "vowels among letters a to z", 1, Characters.vowel_share),
    of_text("username", "underscores", _COUNT, "underscores", 4, lambda text: text.count(Kind.UNDERSCORE)),
    of_text("username", "dots", _COUNT, "dots", 3, lambda text: text.count(Kind.STOP)),
    of_text("username", "entropy", "bits", "Shannon entropy of the characters", 5, Characters.entropy),
    of_text(
        "username", "switches", "changes", "characters of another kind than the one before", 10, Characters.switches
    ),
    of_text("username", "starts_upper", _FLAG, "begins with A to Z", 1, lambda text: text.starts(Kind.UPPER)),
    of_text("username", "starts_digit", _FLAG, "begins with a digit", 1, lambda text: text.starts(Kind.DIGIT)),
)


def _bits(values: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> Numbers:
    return np.bitwise_count(values).astype(np.float64)


def _likeness(facts: Facts) -> Numbers:
    name, handle = facts.display_name.bigrams, facts.username.bigrams
    shared = _bits(name & handle) / np.maximum(_bits(name | handle), 1)
    return shared + facts.display_name.unknown + facts.username.unknown


def _name_in_handle(facts: Facts) -> Numbers:
    name, handle = facts.display_name.bigrams, facts.username.bigrams
    shared = _bits(name & handle) / np.maximum(_bits(name), 1)
    return shared + facts.display_name.unknown + facts.username.unknown


DISPLAY_NAME_FEATURES: tuple[Feature, ...] = (
    of_text("display_name", "length", _COUNT, "characters", 40, lambda text: text.length.astype(np.float64)),
    of_text("display_name", "words", "words", "blanks + 1", 6, _words),
    of_text("display_name", "upper_share", _SHARE, "upper case among letters a to z", 1, Characters.upper_share),
    of_text("display_name", "digit_share", _SHARE, "digits among characters", 1, lambda text: text.share(Kind.DIGIT)),
    of_text(
        "display_name",
        "other_letter_share",
        _SHARE,
        "letters beyond a to z among characters",
        1,
        lambda text: text.share(Kind.LATIN, Kind.LETTER),
    ),
    of_text("display_name", "symbols", _COUNT, "emoji and symbols", 4, lambda text: text.count(Kind.SYMBOL)),
    of_text("display_name", "punctuation", _COUNT, "punctuation", 6, lambda text: text.count(*_SIGNS)),
    of_text("display_name", "starts_upper", _FLAG, "begins with A to Z", 1, lambda text: text.starts(Kind.UPPER)),
    from_zero(
        "name_handle_likeness",
        _SHARE,
        "pairs of letters or digits that display_name and username share, of all in either (64 hashed bits)",
        ("display_name", "username"),
        1,
        _likeness,
    ),
    from_zero(
        "name_in_handle",
        _SHARE,
        "pairs of letters or digits of display_name that username has too (64 hashed bits)",
        ("display_name", "username"),
        1,
        _name_in_handle,
    ),
)


def _biography_fill(facts: Facts) -> Numbers:
    room = np.where(facts.on_instagram, 150, 160)
    return np.minimum(facts.number("biography_length") / room, 1)


def _word_length(text: Characters) -> Numbers:
    return (text.length - text.count(Kind.SPACE)) / (text.count(Kind.SPACE) + 1)


BIOGRAPHY_FEATURES: tuple[Feature, ...] = (
    from_zero(
        "biography_length",
        "share of the room",
        "biography_length / 160 on X, / 150 on Instagram, at most 1",
        ("biography_length",),
        1,
        _biography_fill,
    ),
    from_zero(
        "no_biography",
        _FLAG,
        "1 if biography_length = 0",
        ("biography_length",),
        1,
        lambda facts: where(facts.number("biography_length") == 0, facts, "biography_length"),
    ),
    of_text("biography", "words", "words", "blanks + 1", 30, _words),
    of_text("biography", "word_length", _COUNT, "characters but blanks / (blanks + 1)", 12, _word_length),
    of_text("biography", "upper_share", _SHARE, "upper case among letters a to z", 1, Characters.upper_share),
    of_text("biography", "vowel_share", _SHARE, "vowels among letters a to z", 1, Characters.vowel_share),
    of_text("biography", "digit_share", _SHARE, "digits among characters", 1, lambda text: text.share(Kind.DIGIT)),
    of_text(
        "biography", "latin_share", _SHARE, "Latin letters beyond a to z", 0.125, lambda text: text.share(Kind.LATIN)
    ),
    of_text(
        "biography", "other_script_share", _SHARE, "letters of other scripts", 1, lambda text: text.share(Kind.LETTER)
    ),
    of_text("biography", "symbols", _COUNT, "emoji and symbols", 6, lambda text: text.count(Kind.SYMBOL)),
    of_text("biography", "mentions", _COUNT, "@ signs", 3, lambda text: text.count(Kind.AT)),
    of_text("biography", "hashtags", _COUNT, "# signs", 4, lambda text: text.count(Kind.HASH)),
    of_text("biography", "links", "links", "occurrences of ://", 2, Characters.links),
    of_text("biography", "exclamations", _COUNT, "! and ?", 4, lambda text: text.count(Kind.EXCLAMATION)),
    of_text("biography", "stops", _COUNT, "full stops", 6, lambda text: text.count(Kind.STOP)),
    of_text(
        "biography",
        "separators",
        _COUNT,
        "bars, dots and dashes between items",
        5,
        lambda text: text.count(Kind.SEPARATOR),
    ),
    of_text(
        "biography", "punctuation_share", _SHARE, "other punctuation", 1, lambda text: text.share(Kind.PUNCTUATION)
    ),
    of_text("biography", "entropy", "bits", "Shannon entropy of the characters", 6, Characters.entropy),
    of_text("biography", "starts_upper", _FLAG, "begins with A to Z", 1, lambda text: text.starts(Kind.UPPER)),
    of_text(
        "biography",
        "ends_sentence",
        _FLAG,
        "ends with a full stop, ! or ?",
        1,
        lambda text: text.ends(Kind.STOP, Kind.EXCLAMATION),
    ),
)
