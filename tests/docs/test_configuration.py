"""docs/configuration.md names exactly the variables that the code reads."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = [
    "gateway/config.py",
    "fetcher/config.py",
    "fetcher/emulator/__main__.py",
    "serving/config.py",
    "serving/launch.py",
    "scripts/run.py",
]
_NAME = r"PLATFORMS|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_SET_BY_US = {"PYTHONUNBUFFERED", "MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS"}


def test_every_variable_that_is_read_is_documented_and_the_other_way_round() -> None:
    read = {
        name for path in READERS for name in re.findall(rf'"({_NAME})"', (ROOT / path).read_text()) if name[-1] != "_"
    }
    # A secret may also come from a file whose name stands in NAME_FILE.
    read |= {f"{name}_FILE" for name in re.findall(r'secret\("(\w+)"\)', (ROOT / "fetcher/config.py").read_text())}
    from gateway.config import SECRETS

    read |= {f"{name}_FILE" for name in SECRETS}
    rows = [line for line in (ROOT / "docs/configuration.md").read_text().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(rf"`({_NAME})`", row.split("|")[1])}
    assert documented == read - _SET_BY_US
