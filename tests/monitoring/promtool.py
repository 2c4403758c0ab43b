"""Prometheus' own checker, as a function."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def promtool(*arguments: object) -> str:
    """Run it and give what it printed; the test fails where it does, and where CI lacks it."""
    if shutil.which("promtool") is None:
        message = "promtool is missing; install prometheus to check the rules and dashboards."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
