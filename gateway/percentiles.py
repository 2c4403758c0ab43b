"""Where a value lies among the accounts that a version learned from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def percentile(value: float, levels: Sequence[float], quantiles: Sequence[float]) -> float | None:
    """The share (0 to 1) of reference accounts below `value`, between the outermost levels that are known.

    `quantiles` are the values at `levels`, both rising. Where many accounts share the value, the middle of their range
    is given. None where there is no reference.
    """
    if not levels or len(levels) != len(quantiles):
        return None
    left, right = bisect_left(quantiles, value), bisect_right(quantiles, value)
    if left < right:
        return (levels[left] + levels[right - 1]) / 2
    if left == 0:
        return levels[0]
    if left == len(quantiles):
        return levels[-1]
    below, above = quantiles[left - 1], quantiles[left]
    return levels[left - 1] + (value - below) / (above - below) * (levels[left] - levels[left - 1])
