"""A profile without its account: what a correction keeps, so that training learns from it and nobody is named.

Each letter, digit and sign of the texts becomes another of its own kind, the same one everywhere in the record, so that
the shapes that contracts/text_features.py measures stay nearly as they were and the words are gone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from contracts.profile import Profile

_GROUPS = ("aeiouy", "bcdfghjklmnpqrstvwxz", "0123456789")
_LATIN = [chr(point) for point in range(0xC0, 0x250) if chr(point).isalpha()]
_OTHER = [chr(point) for point in range(0x4E00, 0x9000)]


def disguise(profile: Profile, account_hash: str, dice: random.Random | None = None) -> Profile:
    """The profile with its texts disguised, and in the place of its id a number made of `account_hash`.

    `dice` are the system's own unless given, so that nothing tells which character became which.
    """
    dice = dice or random.SystemRandom()
    texts = {name: getattr(profile, name) for name in ("username", "display_name", "biography")}
    letters = {character for text in texts.values() if text for character in text}
    table = str.maketrans(_substitution(letters, dice))
    changed = {name: text.translate(table) for name, text in texts.items() if text is not None}
    # Below 2^60, so that it is an id that platforms could have given.
    return replace(profile, id=str(1 + int(account_hash[:15], 16)), category=None, **changed)


def _substitution(characters: Iterable[str], dice: random.Random) -> dict[str, str]:
    table: dict[str, str] = {}
    for group in _GROUPS:
        shuffled = dice.sample(group, len(group))
        for character, other in zip(group, shuffled, strict=True):
            table[character] = other
            if character.isalpha():
                table[character.upper()] = other.upper()
    foreign = sorted(each for each in characters if each.isalpha() and not each.isascii())
    latin = [each for each in foreign if 0xC0 <= ord(each) < 0x250]
    others = [each for each in foreign if each not in set(latin)]
    table |= dict(zip(latin, dice.sample(_LATIN, len(latin)), strict=True))
    table |= dict(zip(others, dice.sample(_OTHER, len(others)), strict=True))
    return table
