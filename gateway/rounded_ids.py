"""Ids that a spreadsheet rounded: it keeps fifteen digits of a number and makes zeros of the others."""

from __future__ import annotations

from collections.abc import Iterable

KEPT_DIGITS = 15
_LONG = 18
"""X's ids have so many digits since 2015, so that a true one ends in zeros like a rounded one once in a thousand."""


def looks_rounded(account_id: str) -> bool:
    """Whether nothing stands behind the digits that a spreadsheet keeps."""
    return len(account_id) >= _LONG and not account_id[KEPT_DIGITS:].strip("0")


def were_rounded(account_ids: Iterable[str]) -> bool:
    """Whether a list's ids went through a spreadsheet: two or more, and half of the long ones, look like it."""
    long = [each for each in account_ids if len(each) >= _LONG]
    rounded = sum(map(looks_rounded, long))
    return rounded >= 2 and 2 * rounded >= len(long)
