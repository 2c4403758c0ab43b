"""Where a value lies among the accounts that a version learned from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def percentile(value: float, levels: Sequence[float], quantiles: Sequence[float]) -> float | None:
    """The share (0 to 1) of reference accounts below `value`, between the outermost levels that are known.

    `quantiles` are the values at `levels`, both rising. Accounts that share the value are not below it: nobody has
    fewer than no followers. None where there is no reference.
    """
    if not levels or len(levels) != len(quantiles):
        return None
    left = bisect_left(quantiles, value)
    if left == len(quantiles):
        return levels[-1]
    if left == 0 or quantiles[left] == value:
        return levels[left]
    below, above = quantiles[left - 1], quantiles[left]
    return levels[left - 1] + (value - below) / (above - below) * (levels[left] - levels[left - 1])
