"""Obviously invented names, biographies and captions, to a wanted length."""

from __future__ import annotations

from random import Random

_FIRST = ("Demo", "Sample", "Invented", "Madeup", "Pretend", "Example", "Fictive", "Imaginary")
_LAST = ("Person", "Account", "Walker", "Gardener", "Tinker", "Harbour", "Meadow", "Lantern", "Pebble", "Cloud")
# None of these holds a word that `contracts.activity` counts (share, like, follow, mention, contest, quiz, ...).
_WORDS = (
    "invented demo account made of nothing sample river lantern pebble meadow harbour cloud copper window garden "
    "morning tea paper kite amber velvet north quiet orchard saffron teapot wicker bramble cobalt ember fable gable "
    "hazel indigo jasper kelp linen maple nutmeg olive pepper quartz rowan sorrel thistle umber violet willow yarrow "
    "acorn birch cedar dune elm fern glade heath iris juniper"
).split()


def name(random: Random) -> str:
    """A display name."""
    return f"{random.choice(_FIRST)} {random.choice(_LAST)}"


def text(random: Random, length: int) -> str:
    """Words of exactly `length` characters; '' for 0."""
    if length <= 0:
        return ""
    words: list[str] = []
    size = 0
    while size <= length:
        words.append(random.choice(_WORDS))
        size += len(words[-1]) + 1
    return " ".join(words)[:length].rstrip().ljust(length, ".")


def word(index: int) -> str:
    """The word at `index`, for captions that must share some words and differ in others."""
    base = _WORDS[index % len(_WORDS)]
    return base if index < len(_WORDS) else f"{base}{index // len(_WORDS)}"
