"""What a version's card says, put into the parts that the model page shows. A card of another form shows less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

from contracts.model import CLASSES, Description
from contracts.platforms import Platform
from gateway.wording import CLASS_WORDS, count, percent

_FIGURES = (
    ("accuracy", "Accuracy", "the share of accounts that got their label"),
    ("macro_f1", "Macro F1", "precision and recall in one number, each class counting alike"),
    ("ece", "Calibration error", "how far a probability of 80% is from being right 80 times in 100"),
    ("accused_humans", "Humans accused", "regular accounts and influencers that are plainly called bot or fake"),
    ("unsure", "Called unsure", "below the threshold"),
)
_SIDE = 200.0
"""Of the reliability diagram's square, in its own units."""
DRAWN_APART = frozenset({"held_out_rows", "unseen_sources", "reliability", "reliability_unseen", "views"})
"""Parts of a card that the page tells in its own form."""
TEXTS = ("intended_use", "misuse", "limits")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on held-out rows of known sources (P1) and on sources that were not learned from (P2)."""

    title: str
    meaning: str
    known: str
    unseen: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Precision and recall of one class on held-out rows, and recall on unseen sources."""

    title: str
    precision: str
    recall: str
    unseen_recall: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the confusion matrix; `share` (0 to 1) is that of its row."""

    row: int
    column: int
    number: str
    share: float


@dataclass(frozen=True, slots=True)
class Dot:
    """One bin of the reliability diagram, in the diagram's own units from its upper left corner."""

    x: float
    y: float
    radius: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """One platform's figures."""

    title: str
    rows: str
    figures: tuple[Figure, ...]
    classes: tuple[ClassRow, ...]
    confusion: tuple[Cell, ...]
    reliability: tuple[Dot, ...]
    unseen_reliability: tuple[Dot, ...]
    assumed: str
    views: tuple[tuple[str, str, str], ...]


def platform_views(card: Mapping[str, Any], base_rates: Mapping[str, Mapping[str, float]]) -> tuple[PlatformView, ...]:
    """A view for each platform of which the card holds figures."""
    return tuple(
        _platform(card, platform, base_rates.get(platform.value, {}))
        for platform in (Platform.X, Platform.INSTAGRAM)
        if _part(card, "held_out_rows", platform)
    )


def threshold_lines(description: Description) -> tuple[str, ...]:
    """From which probability an account is plainly called bot or fake, in sentences."""
    return tuple(
        f"On {Platform(name).title} an account that looks like a bot or a fake is called “unsure” below a probability "
        f"of {percent(threshold)}."
        for name, threshold in description.accusation_thresholds.items()
    )


def _platform(card: Mapping[str, Any], platform: Platform, rates: Mapping[str, float]) -> PlatformView:
    known, unseen = _part(card, "held_out_rows", platform), _part(card, "unseen_sources", platform)
    shares = [f"{percent(rates[name])} {CLASS_WORDS[name].title.lower()}" for name in CLASSES if name in rates]
    return PlatformView(
        title=platform.title,
        rows=count(known.get("rows", 0)),
        figures=tuple(
            Figure(title, meaning, _text(known.get(name)), _text(unseen.get(name)))
            for name, title, meaning in _FIGURES
            if name in known or name in unseen
        ),
        classes=tuple(
            ClassRow(
                CLASS_WORDS[name].title,
                _text(_of(known, "precision", name)),
                _text(_of(known, "recall", name)),
                _text(_of(unseen, "recall", name)),
            )
            for name in CLASSES
        ),
        confusion=confusion(known.get("confusion")),
        reliability=reliability(_list(card, "reliability", platform)),
        unseen_reliability=reliability(_list(card, "reliability_unseen", platform)),
        assumed=", ".join(shares),
        views=tuple(_view(each) for each in _list(card, "views", platform) if isinstance(each, Mapping)),
    )


def confusion(matrix: Any) -> tuple[Cell, ...]:
    """The cells of labelled class -> called class -> accounts, row by row; empty where it is no such matrix."""
    cells = []
    for row, labelled in enumerate(CLASSES):
        numbers = [_of(matrix, labelled, called) for called in CLASSES]
        if not all(isinstance(number, int | float) and number >= 0 for number in numbers):
            return ()
        total = sum(numbers)
        cells += [Cell(row, at, count(number), number / total if total else 0.0) for at, number in enumerate(numbers)]
    return tuple(cells)


def reliability(bins: Sequence[Any]) -> tuple[Dot, ...]:
    """Dots of bins `{"confidence", "accuracy", "rows"}`; the larger, the more accounts. Bins without accounts go."""
    found = []
    for each in bins:
        numbers = [_of(each, name) for name in ("confidence", "accuracy", "rows")]
        known = [float(number) for number in numbers if isinstance(number, int | float) and isfinite(number)]
        if len(known) == len(numbers) and known[2] > 0:
            found.append((known[0], known[1], int(known[2])))
    most = max((rows for _, _, rows in found), default=1)
    return tuple(
        Dot(
            x=_SIDE * confidence,
            y=_SIDE * (1 - accuracy),
            radius=2.5 + 6 * sqrt(rows / most),
            text=f"At {percent(confidence)} told, {percent(accuracy)} right, {count(rows)} accounts",
        )
        for confidence, accuracy, rows in sorted(found)
    )


def _view(view: Mapping[str, Any]) -> tuple[str, str, str]:
    facts = view.get("facts")
    names = ", ".join(map(str, facts)).replace("_", " ") if isinstance(facts, list) else ""
    return names, _text(view.get("accuracy")), _text(view.get("macro_f1"))


def _part(card: Mapping[str, Any], name: str, platform: Platform) -> Mapping[str, Any]:
    found = _of(card, name, platform.value)
    return found if isinstance(found, Mapping) else {}


def _list(card: Mapping[str, Any], name: str, platform: Platform) -> Sequence[Any]:
    found = _of(card, name, platform.value)
    return found if isinstance(found, list) else []


def _of(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    return f"{100 * value:.1f}%" if isinstance(value, int | float) and isfinite(value) else "not measured"
