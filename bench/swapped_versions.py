"""The versions that take turns in the benchmark of hot swaps: three that work, and two that must be refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from serving.config import SHIPPED
from serving.store import Store
from serving.version_checks import GOLDEN
from tests.serving.store_models import write_manifest

ROOT = Path(__file__).parents[1]
FIRST, SECOND, THIRD, BROKEN, HALF = 1, 2, 3, 4, 5
"""The versions of the store: three that work, one that does not load, one that was copied half."""


def golden(version: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features float32[n, F] and the probabilities float64[n, 4] that the version gives for them."""
    rows: Sequence[Mapping[str, object]] = json.loads((version / GOLDEN).read_text("utf-8"))
    return (
        np.array([row["features"] for row in rows], np.float32),
        np.array([row["probabilities"] for row in rows], np.float64),
    )


def write_versions(folder: Path) -> None:
    """The shipped version and two that can be told from it."""
    shipped = Store(SHIPPED)
    shutil.copytree(shipped.version(shipped.versions()[-1]), folder / str(FIRST))
    for number, share in ((SECOND, 0.1), (THIRD, 0.2)):
        command = [sys.executable, "-m", "bench.version_variant"]
        arguments = [str(folder / str(FIRST)), str(folder / str(number)), str(share)]
        subprocess.run([*command, *arguments], check=True, capture_output=True, cwd=ROOT, timeout=180)


def fill(store: Store, versions: Path) -> None:
    """The version that is served at the start."""
    store.publish(versions / str(FIRST), FIRST)


def add_unfit(store: Store, versions: Path) -> None:
    """The other versions, the two that must be refused among them."""
    for number in (SECOND, THIRD):
        store.publish(versions / str(number), number)
    broken = store.publish(versions / str(SECOND), BROKEN)
    (broken / "saved_model.pb").write_bytes(b"nonsense")
    write_manifest(broken)
    half = store.publish(versions / str(SECOND), HALF)
    shutil.rmtree(half / "variables")
