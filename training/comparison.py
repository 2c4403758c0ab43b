"""What changes from one version to the next, per platform and class: read before a version is promoted."""

from __future__ import annotations

from typing import Any

from rich.table import Table

_FIGURES = ("precision", "recall", "f1")


def compare(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """platform -> `{"accuracy": [old, new], ..., "classes": {class: {"recall": [old, new], ...}}}`.

    `old` and `new` are evaluations of the same rows.
    """
    changes: dict[str, Any] = {}
    for platform in old["platforms"].keys() & new["platforms"].keys():
        before, after = old["platforms"][platform], new["platforms"][platform]
        whole = {name: [before[name], after[name]] for name in ("accuracy", "macro_f1", "ece", "accused_humans")}
        classes = {
            label: {figure: [before[figure][label], after[figure][label]] for figure in _FIGURES}
            for label in before["recall"]
        }
        changes[platform] = whole | {"classes": classes}
    return changes


def comparison_table(changes: dict[str, Any]) -> Table:
    """One line per platform and figure: before, after, difference."""
    table = Table(title="old and new version on the same rows")
    for head in ("platform", "class", "figure"):
        table.add_column(head, no_wrap=True)
    for head in ("old", "new", "change"):
        table.add_column(head, justify="right")
    for platform, change in sorted(changes.items()):
        lines = [("all", name, pair) for name, pair in change.items() if name != "classes"]
        lines += [(label, name, pair) for label, figures in change["classes"].items() for name, pair in figures.items()]
        for label, name, (before, after) in lines:
            if before is not None and after is not None:
                table.add_row(platform, label, name, f"{before:.3f}", f"{after:.3f}", f"{after - before:+.3f}")
    return table
