"""Obviously invented names, biographies and captions, to a wanted length."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

_FIRST = ("Demo", "Sample", "Invented", "Madeup", "Pretend", "Example", "Fictive", "Imaginary")
_LAST = ("Person", "Account", "Walker", "Gardener", "Tinker", "Harbour", "Meadow", "Lantern", "Pebble", "Cloud")
_AFFIXES = frozenset("reg bot inf fake missing suspended private".split())
_SIGNS = {
    "mentions": "@demo",
    "hashtags": "#demo",
    "links": "https://t.co/demo",
    "exclamations": "!",
    "stops": ".",
    "commas": ",",
    "separators": "|",
    "digits": "7",
    "symbols": "\u2600",
}
# None of these holds a word that `contracts.activity` counts (share, like, follow, mention, contest, quiz, ...).
_WORDS = (
    "invented demo account made of nothing sample river lantern pebble meadow harbour cloud copper window garden "
    "morning tea paper kite amber velvet north quiet orchard saffron teapot wicker bramble cobalt ember fable gable "
    "hazel indigo jasper kelp linen maple nutmeg olive pepper quartz rowan sorrel thistle umber violet willow yarrow "
    "acorn birch cedar dune elm fern glade heath iris juniper"
).split()


def name(random: Random, handle: str, facts: Mapping[str, float]) -> str:
    """A display name that resembles `handle` or not, of some words, in capitals or not, as `facts` says."""
    own = [part.title() for part in re.split(r"[^a-z]+", handle) if len(part) > 1 and part not in _AFFIXES]
    alike = facts.get("name_in_handle", 0.0) >= 0.5
    words = [*(own if alike else []), random.choice(_FIRST), random.choice(_LAST)]
    chosen = " ".join(words[: max(1, round(facts.get("name_words", 2)))])
    upper = facts.get("name_upper_share", 0.15)
    return chosen.upper() if upper > 0.5 else chosen.lower() if upper < 0.03 else chosen


def biography(random: Random, length: int, facts: Mapping[str, float]) -> str:
    """Words of exactly `length` characters, with as many signs, capitals, links and so on as `facts` says."""
    if length <= 0:
        return ""
    count = {shape: max(0, round(facts.get(f"biography_{shape}", 0))) for shape in _SIGNS}
    signs = [sign for shape, sign in _SIGNS.items() for _ in range(count[shape])]
    room = length - sum(len(sign) + 1 for sign in signs)
    upper = facts.get("biography_upper_share", 0.05)
    words: list[str] = []
    while room > 0:
        chosen = random.choice(_WORDS)
        # A capital first letter is about a fifth of a word; beyond that whole words are in capitals.
        if random.random() < min(1.0, 5 * upper):
            chosen = chosen.upper() if random.random() < upper - 0.2 else chosen.title()
        words.append(chosen)
        room -= len(chosen) + 1
    for sign in signs:
        if sign in ".,!" and words:
            place = random.randrange(len(words))
            words[place] += sign
        else:
            words.insert(random.randint(1, max(1, len(words))), sign)
    text = " ".join(words)[:length].rstrip().ljust(length, "a")
    text = (text[0].upper() if facts.get("biography_starts_upper", 1.0) >= 0.5 else text[0].lower()) + text[1:]
    return text[:-1] + "." if facts.get("biography_ends_sentence", 0.0) >= 0.5 else text


def word(index: int) -> str:
    """The word at `index`, for captions that must share some words and differ in others."""
    base = _WORDS[index % len(_WORDS)]
    return base if index < len(_WORDS) else f"{base}{index // len(_WORDS)}"
