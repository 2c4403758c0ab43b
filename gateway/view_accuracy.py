"""How often a version is right about accounts of which no more is known than of the one in hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS


@dataclass(frozen=True, slots=True)
class ViewAccuracy:
    """`accuracy` (0 to 1) on `rows` accounts that never trained, with every fact hidden but `facts`."""

    accuracy: float
    rows: int
    facts: tuple[str, ...]


def view_accuracy(card: Mapping[str, Any], platform: Platform, known: Collection[str]) -> ViewAccuracy | None:
    """The figure of the richest view whose facts are all `known`; None where the card measured no such view.

    `card` is that of a version's description. Its `views` are lists by platform of `{"facts", "rows", "accuracy"}`; a
    card without them still has figures for accounts of which everything is known, `held_out_rows`.
    """
    views = [_read(view) for view in _of(card, "views", platform, list)]
    whole = _read({**_of(card, "held_out_rows", platform, dict), "facts": MODEL_FACTS[platform]})
    fitting = [view for view in (*views, whole) if view is not None and set(view.facts) <= set(known)]
    return max(fitting, key=lambda view: len(view.facts), default=None)


def _of(card: Mapping[str, Any], part: str, platform: Platform, kind: type) -> Any:
    """A part of the card for one platform, empty where it is not of the agreed form."""
    parts = card.get(part)
    found = parts.get(platform.value) if isinstance(parts, Mapping) else None
    return found if isinstance(found, kind) else kind()


def _read(view: Any) -> ViewAccuracy | None:
    try:
        found = ViewAccuracy(float(view["accuracy"]), int(view["rows"]), tuple(map(str, view["facts"])))
    except (KeyError, TypeError, ValueError):
        return None
    return found if isfinite(found.accuracy) and 0 <= found.accuracy <= 1 else None
