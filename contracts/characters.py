"""A column of texts as code points, measured all at once: what the feature transform reads of a name or a biography.

Stateless: the kinds of characters are fixed here, and no table of words, names or handles exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.columns import Numbers, Texts

Flags = NDArray[np.bool_]


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
_VOWELS = np.isin(np.arange(128), [ord(letter) for letter in "aeiouyAEIOUY"])
_FOLDED = np.full(128, -1, np.int64)
_FOLDED[ord("a") : ord("z") + 1] = _FOLDED[ord("A") : ord("Z") + 1] = np.arange(26)
_FOLDED[ord("0") : ord("9") + 1] = np.arange(26, 36)
_BINS = 64
"""Code points are folded to as many bins before the entropy is taken, and bigrams to as many bits."""


@cache
def _kinds() -> NDArray[np.uint8]:
    """uint8[0x110000]: the kind of every code point."""
    table = np.empty(0x110000, np.uint8)
    for start, end, kind in _RANGES:
        table[start:end] = kind
    for characters, kind in _SINGLE.items():
        table[[ord(character) for character in characters]] = kind
    return table


@dataclass(frozen=True)
class Characters:
    """n texts: their `points` (code points of all, one after the other), where each starts and how long it is.

    An unknown text has length 0 and `known` False; every measure of it is then without meaning.
    """

    known: Flags
    length: NDArray[np.int64]
    points: NDArray[np.uint32]

    @classmethod
    def of(cls, texts: Texts) -> Characters:
        """Read a column of contracts.columns."""
        known = np.array([text is not None for text in texts], np.bool_)
        strings = [text or "" for text in texts]
        buffer = "".join(strings).encode("utf-32-le", "surrogatepass")
        return cls(known, np.array([len(text) for text in strings], np.int64), np.frombuffer(buffer, "<u4"))

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """The kind of each character."""
        return _kinds()[self.points]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Which text each character belongs to."""
        return np.repeat(np.arange(len(self.known)), self.length)

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Where each text starts."""
        return np.cumsum(self.length) - self.length

    @cached_property
    def counts(self) -> Numbers:
        """float64[kinds, n]: how many characters of each kind."""
        flat = np.bincount(self.rows * len(Kind) + self.kinds, minlength=len(self.known) * len(Kind))
        return np.ascontiguousarray(flat.reshape(-1, len(Kind)).T, np.float64)

    @cached_property
    def unknown(self) -> Numbers:
        """NaN where the text is unknown, else 0: added to a measure, it takes away what means nothing."""
        return np.where(self.known, 0.0, np.nan)

    @cached_property
    def at_least_one(self) -> NDArray[np.int64]:
        """The length by which shares are divided."""
        return np.maximum(self.length, 1)

    @cached_property
    def letters(self) -> Numbers:
        """How many letters a to z there are, at least 1."""
        return np.maximum(self.count(Kind.UPPER, Kind.LOWER), 1)

    def count(self, *kinds: Kind) -> Numbers:
        """How many characters are of one of `kinds`."""
        first, *others = kinds
        total: Numbers = self.counts[first]
        for kind in others:
            total = total + self.counts[kind]
        return total

    def share(self, *kinds: Kind) -> Numbers:
        """Which part of all characters is of one of `kinds`; 0 of an empty text."""
        return self.count(*kinds) / self.at_least_one

    def upper_share(self) -> Numbers:
        """Which part of the letters a to z is upper case."""
        return self.count(Kind.UPPER) / self.letters

    def vowel_share(self) -> Numbers:
        """Which part of the letters a to z is a vowel, y included."""
        vowels = (self.points < 128) & _VOWELS[np.minimum(self.points, 127)]
        return self.sum(vowels) / self.letters

    def sum(self, flags: Flags) -> Numbers:
        """How many characters of each text `flags` marks."""
        return np.bincount(self.rows[flags], minlength=len(self.known)).astype(np.float64)

    def entropy(self) -> Numbers:
        """Shannon entropy of the characters of each text in bits, code points folded to 64 bins."""
        bins = np.bincount(self.rows * _BINS + self.points % _BINS, minlength=len(self.known) * _BINS)
        shares = bins.reshape(-1, _BINS) / self.at_least_one[:, np.newaxis]
        bits: Numbers = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(1)
        return bits

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The kind of each text's first character, -1 of an empty one."""
        return self._kind_at(self.start)

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """The kind of each text's last character, -1 of an empty one."""
        return self._kind_at(self.start + self.length - 1)

    def switches(self) -> Numbers:
        """How often a character is of another kind than the one before it."""
        changed = np.zeros(len(self.points), np.bool_)
        changed[1:] = (self.kinds[1:] != self.kinds[:-1]) & (self.rows[1:] == self.rows[:-1])
        return self.sum(changed)

    def trailing(self, kind: Kind) -> Numbers:
        """How many characters at the end are of `kind` without a break."""
        places = np.arange(len(self.points))
        others = np.concatenate([[-1], np.maximum.accumulate(np.where(self.kinds != kind, places, -1))])
        end = self.start + self.length
        run: Numbers = (end - 1 - np.maximum(others[end], self.start - 1)).astype(np.float64)
        return run

    def links(self) -> Numbers:
        """How often `://` occurs."""
        found = np.zeros(len(self.points), np.bool_)
        found[:-2] = (self.points[:-2] == ord(":")) & (self.points[1:-1] == ord("/")) & (self.points[2:] == ord("/"))
        found[:-2] &= self.rows[:-2] == self.rows[2:]
        return self.sum(found)

    @cached_property
    def bigrams(self) -> NDArray[np.uint64]:
        """64 bits a text, set by the hashes of its pairs of letters a to z (case folded) and digits."""
        folded = _FOLDED[np.minimum(self.points, 127)]
        one, other = folded[:-1], folded[1:]
        pair = (one >= 0) & (other >= 0) & (self.rows[:-1] == self.rows[1:])
        hashed = ((one[pair] * 37 + other[pair]) * 2654435761 >> 8) % _BINS
        bits = np.zeros(len(self.known), np.uint64)
        np.bitwise_or.at(bits, self.rows[:-1][pair], np.uint64(1) << hashed.astype(np.uint64))
        return bits

    def _kind_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        if not len(self.points):
            return np.full(len(self.known), -1)
        within = np.minimum(np.maximum(places, 0), len(self.points) - 1)
        return np.where(self.length > 0, self.kinds[within].astype(np.int64), -1)
