"""hadolint has nothing to say; what it is told to pass over stands beside the line, where it is so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose.files import ROOT

HADOLINT = Path(sys.executable).with_name("hadolint")
DOCKERFILES = [ROOT / "Dockerfile", *sorted((ROOT / "tests/compose/stand_ins").glob("*/Dockerfile"))]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_hadolint_has_nothing_to_say(path: Path) -> None:
    done = subprocess.run([HADOLINT, path], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
