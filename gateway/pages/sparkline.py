"""The geometry of a small chart over time; templates/charts.html draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 240.0, 48.0
_EDGE = 3.0
"""Kept free above and below, so that the line's width is not cut off."""


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`line` and the `area` under it are paths in a box of `WIDTH` by `HEIGHT`; `end` is the last point."""

    line: str
    area: str
    end: tuple[float, float] | None


def sparkline(values: Sequence[float | None], *, top: float | None = None) -> Sparkline:
    """From left to right, 0 at the bottom and `top` (by default the largest value) at the upper edge.

    Where a value is missing the line is interrupted.
    """
    known = [value for value in values if value is not None]
    highest = max([*known, 0.0]) if top is None else top
    step = WIDTH / max(1, len(values) - 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        share = min(1.0, value / highest) if highest else 0.0
        runs[-1].append((index * step, HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE)))
    drawn = [run for run in runs if run]
    line = " ".join(_path(run) for run in drawn)
    area = " ".join(f"{_path(run)} L{run[-1][0]:.1f} {HEIGHT:g} L{run[0][0]:.1f} {HEIGHT:g} Z" for run in drawn)
    return Sparkline(line, area, drawn[-1][-1] if drawn else None)


def _path(run: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in run)
