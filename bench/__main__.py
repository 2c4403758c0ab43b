"""`python -m bench [name ...]`: runs benchmarks by name, all of them without one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from bench.report import publish

BENCHMARKS = {
    path.stem.removeprefix("bench_").replace("_", "-"): f"bench.{path.stem}"
    for path in sorted(Path(__file__).parent.glob("bench_*.py"))
}
"""Name -> module with a function `measure() -> list[Figure]`."""


def main(names: list[str]) -> int:
    """Run them one after another; returns the exit status."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for name in names or list(BENCHMARKS):
        path = publish(name, importlib.import_module(BENCHMARKS[name]).measure())
        print(f"Written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
