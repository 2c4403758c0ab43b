"""What a benchmark found: a table for people and bench/results/<name>.json for comparison over time."""

from __future__ import annotations

import json
import operator
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `goal` starts with its comparison, such as ">= 0.99"; "" is no goal.

    `peers` are the same figure of others, measured in the same run.
    """

    figure: str
    value: float
    unit: str
    goal: str = ""
    peers: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if not self.goal:
            return None
        comparison, bound = self.goal.split(maxsplit=1)
        return bool(_COMPARISONS[comparison](self.value, float(bound)))


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def publish(name: str, figures: Sequence[Figure], results: Path = RESULTS) -> Path:
    """Print the table and write the file; returns its path."""
    table = Table("figure", "value", "unit", "goal", "", "peers", title=f"{name} ({machine()})")
    for each in figures:
        mark = {True: "reached", False: "short", None: ""}[each.is_reached]
        peers = ", ".join(f"{peer} {value:,.4g}" for peer, value in each.peers.items())
        table.add_row(each.figure, f"{each.value:,.4g}", each.unit, each.goal, mark, peers)
    Console().print(table)
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.json"
    document = {"name": name, "machine": machine(), "figures": [asdict(each) for each in figures]}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
