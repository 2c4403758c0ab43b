"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from contracts.model import CLASSES

_HUNDREDTHS = ("accuracy", "macro_f1", "ece")


def evaluation_table(title: str, groups: Mapping[str, Mapping[str, Any]]) -> Table:
    """One line per group of `evaluation.evaluate`."""
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    heads = ("rows", "accuracy", "macro-F1", "ECE", *(f"recall {name}" for name in CLASSES), "at 90%", "accused humans")
    for head in heads:
        table.add_column(head, justify="right", min_width=5)
    for name, figures in groups.items():
        table.add_row(
            name,
            f"{figures['rows']:,}",
            *(_number(figures[each]) for each in _HUNDREDTHS),
            *(_number(figures["recall"].get(each)) for each in CLASSES),
            _number(figures["coverage"]["0.9"]),
            _number(figures["accused_humans"]),
        )
    return table


def stress_table(stress: Mapping[str, Mapping[str, Any]]) -> Table:
    """One line per platform of `stress.stress`."""
    table = Table(title="confident labels that flip when nothing of the account changes")
    names = next(iter(stress.values()), {})
    for head in ("", *names):
        table.add_column(head, justify="right")
    for platform, flips in stress.items():
        shares = (f"{share:.2%}" for name, share in flips.items() if name != "confident")
        table.add_row(platform, f"{flips['confident']:,}", *shares)
    return table


def protocol_tables(answers: Mapping[str, Any]) -> list[Table]:
    """A table per protocol and platform, one line per method."""
    tables = [
        evaluation_table(
            f"P1, {platform}: held-out rows of known sources",
            {name: figures["platforms"][platform] for name, figures in methods.items()},
        )
        for platform, methods in answers.get("p1", {}).items()
    ]
    for platform, methods in answers.get("p2", {}).items():
        title = f"P2, {platform}: unseen sources, mean of the folds (used for selection, so no unbiased estimate)"
        table = evaluation_table(title, {name: figures["mean"] for name, figures in methods.items()})
        table.caption = "At most 5% of humans are accused from: " + ", ".join(
            f"{name} {figures['threshold']:.3f}" for name, figures in methods.items()
        )
        tables.append(table)
    return tables


def study_table(title: str, study: Mapping[str, Any]) -> Table:
    """One line per trial of `search.search`, the best first."""
    table = Table(title=f"{title}: mean macro-F1 over P2 folds {', '.join(study['folds'])}, short fits")
    names = study["trials"][0]["settings"]
    for head in ("trial", "score", "state", *names):
        table.add_column(head, justify="right")
    trials = sorted(enumerate(study["trials"]), key=lambda pair: -(pair[1]["score"] or 0))
    for number, trial in trials:
        table.add_row(
            str(number), _number(trial["score"]), trial["state"], *(f"{trial['settings'][name]:.3g}" for name in names)
        )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
