"""Numbers that follow from a text alone, so that an emulated account is the same on every day and machine."""

from __future__ import annotations

import hashlib
from random import Random
from statistics import NormalDist

_NORMAL = NormalDist()


def dice(*parts: str) -> Random:
    """A generator seeded by `parts`."""
    return Random(hashlib.sha256("\0".join(parts).encode()).digest())  # noqa: S311 - nothing here is secret.


def normal(random: Random) -> float:
    """A standard normal draw by inversion, one uniform number each, so that draws stay aligned between versions."""
    return _NORMAL.inv_cdf(min(max(random.random(), 1e-9), 1 - 1e-9))


def percentile(value: float) -> float:
    """The share of a standard normal below `value`."""
    return _NORMAL.cdf(value)
