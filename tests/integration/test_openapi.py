"""The API does what its document says: schemathesis against the real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.proxy import RefusingProxy
from tests.integration.running_system import ROOT, System

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.mark.timeout(900)
def test_schemathesis_finds_nothing(watched: tuple[System, RefusingProxy], tmp_path: Path) -> None:
    system, _ = watched
    done = subprocess.run(
        [
            str(SCHEMATHESIS),
            *("--config-file", str(ROOT / "schemathesis.toml"), "--no-color", "run"),
            system.url("GATEWAY_PORT", "/openapi.json"),
            # One thread: the sources of lambdas are parsed while cases are made, and in two threads at once
            # Python 3.11 fails there ("AST constructor recursion depth mismatch").
            *("--checks", "all", "--max-examples", "20", "--workers", "1"),
            # How long an answer takes on a busy machine is not what is looked for here.
            *("--request-timeout", "60", "--max-response-time", "60"),
            *("--continue-on-failure", "--seed", "1"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=880,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
