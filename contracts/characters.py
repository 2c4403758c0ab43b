"""A column of texts as code points, measured all at once: what the feature transform reads of a name or a biography."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Flags, Numbers, Texts
from contracts.character_kinds import (
    BINS,
    KINDS,
    MARKED,
    TABLED,
    VOWEL,
    Kind,
    bigram_bits,
    entropy_terms,
    folded,
    kinds,
    term,
)

__all__ = ["Characters", "Kind"]

_COLON = ord(":")
_NO_PLACE = np.array([-1])
_BLOCK = 512
"""So many texts are counted at once: what is written meanwhile stays in the processor's cache."""


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
        length = np.array([len(text) for text in strings], np.int64)
        return cls(known, length, _points("".join(strings)))

    @classmethod
    def of_utf8(cls, known: Flags, length: NDArray[np.int64], content: bytes | memoryview) -> Characters:
        """Read n texts that stand one after the other in `content`; `length` counts characters, 0 where unknown.

        Raises UnicodeDecodeError.
        """
        return cls(known, length, _points(str(content, "utf-8")))

    @cached_property
    def marked(self) -> NDArray[np.uint8]:
        """The kind of each character, vowels marked."""
        return kinds().take(self.points)

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """The kind of each character."""
        return self.marked & np.uint8(VOWEL - 1)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Which text each character belongs to."""
        return np.arange(len(self.known)).repeat(self.length)

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Where each text starts."""
        return self._end - self.length

    @cached_property
    def counted(self) -> Numbers:
        """float64[MARKED, n]: how many characters of each kind, marked vowels by themselves."""
        counted = np.empty((MARKED, len(self.known)))
        for rows, tally in self._tallies(self.marked, MARKED):
            counted[:, rows] = tally.T
        return counted

    @cached_property
    def counts(self) -> Numbers:
        """float64[kinds, n]: how many characters of each kind."""
        counts = self.counted[:KINDS].copy()
        counts[:2] += self.counted[VOWEL : VOWEL + 2]  # Vowels are upper or lower case.
        return counts

    @cached_property
    def unknown(self) -> Numbers:
        """NaN where the text is unknown, else 0: added to a measure, it takes away what means nothing."""
        return np.where(self.known, 0.0, np.nan)

    @cached_property
    def complete(self) -> bool:
        """Whether every text is known, so that `unknown` takes nothing away."""
        return bool(self.known.all())

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
        counts: Numbers = self.counts[kinds[0].value]
        for kind in kinds[1:]:
            counts = counts + self.counts[kind.value]
        return counts

    def share(self, *kinds: Kind) -> Numbers:
        """Which part of all characters is of one of `kinds`; 0 of an empty text."""
        return self.count(*kinds) / self.at_least_one

    def upper_share(self) -> Numbers:
        """Which part of the letters a to z is upper case."""
        return self.count(Kind.UPPER) / self.letters

    def vowel_share(self) -> Numbers:
        """Which part of the letters a to z is a vowel, y included."""
        vowels: Numbers = self.counted[VOWEL] + self.counted[VOWEL + 1]
        return vowels / self.letters

    def digits(self) -> Numbers:
        """How many characters are digits of any script, as `str.isdigit` has it."""
        beyond = (self.points >= 128).nonzero()[0]
        if not len(beyond):
            return self.count(Kind.DIGIT)
        others = np.array([chr(point).isdigit() for point in self.points[beyond].tolist()])
        return self.count(Kind.DIGIT) + self.sum(beyond[others])

    def sum(self, characters: NDArray[np.int64]) -> Numbers:
        """How many of `characters`, given by their places in `points`, belong to each text."""
        rows = np.searchsorted(self.start, characters, side="right") - 1
        return np.bincount(rows, minlength=len(self.known)).astype(np.float64)

    def entropy(self) -> Numbers:
        """Shannon entropy of the characters of each text in bits, code points folded to 64 bins."""
        bits = np.empty(len(self.known))
        tabled = self.length.max(initial=1) <= TABLED
        for rows, tally in self._tallies((self.points & (BINS - 1)).astype(np.uint8), BINS):
            length = self.at_least_one[rows, np.newaxis]
            terms = entropy_terms().take(length * (TABLED + 1) + tally) if tabled else term(tally / length)
            bits[rows] = 0 - terms.sum(1)
        return bits

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The kind of each text's first character, -1 of an empty one."""
        return self._kinds_at(self.start)

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """The kind of each text's last character, -1 of an empty one."""
        return self._kinds_at(self._end - 1)

    def starts(self, kind: Kind) -> Numbers:
        """1 where the first character is of `kind`, else 0."""
        begins: Flags = self.first == kind.value
        return begins.astype(np.float64)

    def ends(self, *kinds: Kind) -> Numbers:
        """1 where the last character is of one of `kinds`, else 0."""
        found: Flags = np.logical_or.reduce([self.last == kind.value for kind in kinds])
        return found.astype(np.float64)

    def switches(self) -> Numbers:
        """How often a character is of another kind than the one before it."""
        changed = (self.kinds[1:] != self.kinds[:-1]).nonzero()[0] + 1
        rows = self.rows.take(changed)
        within = rows[rows == self.rows.take(changed - 1)]
        return np.bincount(within, minlength=len(self.known)).astype(np.float64)

    def trailing(self, kind: Kind) -> Numbers:
        """How many characters at the end are of `kind` without a break."""
        others = (self.kinds != kind.value).nonzero()[0]
        # The place of the last other character before each end, -1 where there is none.
        last = np.concatenate((others, _NO_PLACE)).take(others.searchsorted(self._end) - 1)
        run: Numbers = (self._end - 1 - np.maximum(last, self.start - 1)).astype(np.float64)
        return run

    def links(self) -> Numbers:
        """How often `://` occurs."""
        colons = (self.points[:-2] == _COLON).nonzero()[0]
        if not len(colons):
            return np.zeros(len(self.known))
        colons = colons[(self.points[colons + 1] == ord("/")) & (self.points[colons + 2] == ord("/"))]
        ends = np.searchsorted(self.start, colons, side="right")
        whole = np.append(self.start, len(self.points))[ends] >= colons + 3
        return self.sum(colons[whole])

    @cached_property
    def bigrams(self) -> NDArray[np.uint64]:
        """64 bits a text, set by the hashes of its pairs of letters a to z (case folded) and digits."""
        bits = np.zeros(len(self.known), np.uint64)
        if len(self.points):
            codes = folded().take(np.minimum(self.points, 128))
            pairs = np.zeros(len(self.points), np.uint64)
            pairs[:-1] = bigram_bits().take(codes[:-1] * np.uint16(37) + codes[1:])
            filled = self._filled
            # No pair begins with the last character of a text.
            pairs[(self._end - 1)[filled]] = 0
            bits[filled] = np.bitwise_or.reduceat(pairs, self.start[filled])
        return bits

    @cached_property
    def _end(self) -> NDArray[np.int64]:
        """Behind the last character of each text."""
        return self.length.cumsum()

    @cached_property
    def _filled(self) -> Flags:
        """Which texts have any character."""
        return self.length > 0

    def _tallies(self, codes: NDArray[np.uint8], width: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
        """Block by block: which texts, and how often each code below `width` occurs in each, int64[block, width]."""
        ends = self._end
        for first in range(0, len(self.known), _BLOCK):
            rows = slice(first, min(first + _BLOCK, len(self.known)))
            block = self.length[rows]
            places = np.arange(0, len(block) * width, width).repeat(block)
            places += codes[self.start[first] : ends[rows.stop - 1]]
            yield rows, np.bincount(places, minlength=len(block) * width).reshape(-1, width)

    def _kinds_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The kind of one character of each text, -1 of an empty one."""
        if not len(self.points):
            return np.full(len(self.known), -1)
        kinds = self.marked.take(places, mode="clip") & np.uint8(VOWEL - 1)
        return np.where(self._filled, kinds, np.int64(-1))


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
