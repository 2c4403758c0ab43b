"""The kinds of characters, and the tables by which texts are measured.

All of it is fixed here; no table of words, names or handles exists.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Numbers


class Kind(IntEnum):
    """The kinds of characters that are counted; each code point has one."""

    LOWER = 0
    UPPER = 1
    DIGIT = 2
    SPACE = 3
    UNDERSCORE = 4
    STOP = 5
    AT = 6
    HASH = 7
    EXCLAMATION = 8
    SLASH = 9
    PUNCTUATION = 10
    SEPARATOR = 11
    LATIN = 12
    SYMBOL = 13
    LETTER = 14


KINDS = len(Kind)
_RANGES = (
    (0, 0x110000, Kind.LETTER),
    (0, 0x80, Kind.PUNCTUATION),
    (ord("a"), ord("z") + 1, Kind.LOWER),
    (ord("A"), ord("Z") + 1, Kind.UPPER),
    (ord("0"), ord("9") + 1, Kind.DIGIT),
    (0xA1, 0xC0, Kind.SYMBOL),
    (0xC0, 0x250, Kind.LATIN),  # Latin letters beyond ASCII.
    (0x2000, 0x2070, Kind.PUNCTUATION),
    (0x2070, 0x2E00, Kind.SYMBOL),  # Arrows, dingbats and other pictures.
    (0xFE00, 0xFE10, Kind.SYMBOL),  # Variation selectors, which belong to an emoji.
    (0x1F000, 0x20000, Kind.SYMBOL),  # Emoji.
)
_SINGLE = {
    " \t\n\r\u00a0": Kind.SPACE,
    "_": Kind.UNDERSCORE,
    ".": Kind.STOP,
    "@": Kind.AT,
    "#": Kind.HASH,
    "!?": Kind.EXCLAMATION,
    "/:": Kind.SLASH,
    "|\u2022\u00b7~*-\u2013\u2014": Kind.SEPARATOR,
}
VOWEL = 16
"""Added to the kind of a vowel, so that one pass over the characters counts vowels as well."""
MARKED = 32
"""So many kinds there are, marked vowels included."""
BINS = 64
"""Code points are folded to as many bins before the entropy is taken, and bigrams to as many bits."""
TABLED = 256
"""Terms of the entropy of texts up to this length are looked up."""


@cache
def kinds() -> NDArray[np.uint8]:
    """uint8[0x110000]: the kind of every code point, with vowels added to LOWER and UPPER."""
    table = np.empty(0x110000, np.uint8)
    for start, end, kind in _RANGES:
        table[start:end] = kind
    for characters, kind in _SINGLE.items():
        table[[ord(character) for character in characters]] = kind
    table[[ord(letter) for letter in "aeiouyAEIOUY"]] += VOWEL
    return table


@cache
def folded() -> NDArray[np.uint16]:
    """uint16[129]: letters a to z without case as 0 to 25, digits as 26 to 35, everything else as 36.

    The last is for every code point beyond ASCII.
    """
    table = np.full(129, 36, np.uint16)
    table[ord("a") : ord("z") + 1] = table[ord("A") : ord("Z") + 1] = np.arange(26)
    table[ord("0") : ord("9") + 1] = np.arange(26, 36)
    return table


@cache
def bigram_bits() -> NDArray[np.uint64]:
    """uint64[37 * 37]: the hashed bit of each pair of folded characters, none where one of them is 36."""
    one, other = np.divmod(np.arange(37 * 37, dtype=np.int64), 37)
    hashed = ((one * 37 + other) * 2654435761 >> 8) % BINS
    bits: NDArray[np.uint64] = np.where((one < 36) & (other < 36), np.uint64(1) << hashed.astype(np.uint64), 0)
    return bits


@cache
def entropy_terms() -> Numbers:
    """float64[(TABLED + 1)^2]: share x log2(share) of `count` characters among `length`, at length, count."""
    length = np.maximum(np.arange(TABLED + 1), 1)[:, np.newaxis]
    return term(np.minimum(np.arange(TABLED + 1), length) / length).reshape(-1)


def term(share: Numbers) -> Numbers:
    """What a share of the characters adds to the negative of the entropy."""
    terms: Numbers = share * np.log2(np.where(share > 0, share, 1))
    return terms
