"""Versions for the tests of the store: a tested SavedModel with the files that training puts beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from contracts.features import SCHEMA_VERSION, F
from serving.manifest import MANIFEST
from serving.version_checks import EVALUATION, GOLDEN


def make_version(source: Path, folder: Path, *, macro_f1: float = 0.9, golden: list[list[float]] | None = None) -> Path:
    """A copy of the SavedModel in `source` with evaluation, golden profiles and manifest."""
    shutil.copytree(source, folder)
    (folder / "assets.extra").mkdir(exist_ok=True)
    platforms = {name: {"macro_f1": macro_f1} for name in ("x", "instagram")}
    (folder / EVALUATION).write_text(json.dumps({"platforms": platforms}))
    probabilities = golden if golden is not None else read_golden(source)
    rows = [{"features": [0.0] * F, "probabilities": each} for each in probabilities]
    (folder / GOLDEN).write_text(json.dumps(rows))
    write_manifest(folder)
    return folder


def read_golden(source: Path) -> list[list[float]]:
    """What the test model of that version gives for a row of zeros: the softmax of its bias."""
    logits = np.array([float(source.name), 0, 0, 0])
    return [(np.exp(logits) / np.exp(logits).sum()).tolist()]


def write_manifest(folder: Path, schema: int = SCHEMA_VERSION) -> None:
    """The schema and the sums as training writes them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    sums = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (folder / MANIFEST).write_text(json.dumps({"schema_version": schema, "files": sums}))
