"""What stands beside the graph in assets.extra: warm-up requests, golden profiles, figures, the sum of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.columns import Columns
from contracts.features import SCHEMA_VERSION, normalize
from contracts.model import DESCRIBE, EXPLAIN, FEATURES, MODEL_NAME, PREDICT, ROWS
from contracts.serving_protos import PredictionLog
from contracts.tensors import to_proto
from training.invented import invent

FOLDER = "assets.extra"
WARMUP, GOLDEN, EVALUATION, MANIFEST = "tf_serving_warmup_requests", "golden.json", "evaluation.json", "manifest.json"
_WARMUP_ROWS = (1, 2, 64)
_GOLDEN_PROFILES = 32


def write_warmup(version: Path) -> None:
    """Requests to every signature, which a server runs before it calls the version available."""
    features = normalize(Columns.from_profiles(invent(max(_WARMUP_ROWS), seed=1)))
    with tf.io.TFRecordWriter(str(_file(version, WARMUP))) as records:
        for rows in _WARMUP_ROWS:
            records.write(_request(PREDICT, FEATURES, features[:rows]))
        records.write(_request(EXPLAIN, FEATURES, features[:1]))
        records.write(_request(DESCRIBE, ROWS, np.zeros(1, np.int32)))


def write_golden(version: Path, predict: Callable[[NDArray[np.float32]], NDArray[np.float64]]) -> None:
    """Invented profiles as tensors, with the probabilities that the version must give them on any machine."""
    features = normalize(Columns.from_profiles(invent(_GOLDEN_PROFILES, seed=2)))
    rows = [
        {"features": [float(value) for value in row], "probabilities": [round(float(value), 6) for value in answer]}
        for row, answer in zip(features, predict(features), strict=True)
    ]
    write_json(version, GOLDEN, rows)


def write_manifest(version: Path) -> None:
    """`{"schema_version": number, "files": {relative path: SHA-256}}` over every other file; written last."""
    manifest = _file(version, MANIFEST)
    files = sorted(path for path in version.rglob("*") if path.is_file() and path != manifest)
    sums = {path.relative_to(version).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    write_json(version, MANIFEST, {"schema_version": SCHEMA_VERSION, "files": sums})


def write_json(version: Path, name: str, document: Any) -> None:
    """One document into assets.extra, a line per top-level entry's content where it is a list."""
    if isinstance(document, list):
        text = "[\n" + ",\n".join(json.dumps(each) for each in document) + "\n]\n"
    else:
        text = json.dumps(document, indent=1) + "\n"
    _file(version, name).write_text(text, "utf-8")


def _file(version: Path, name: str) -> Path:
    folder = version / FOLDER
    folder.mkdir(exist_ok=True)
    return folder / name


def _request(signature: str, tensor: str, value: NDArray[Any]) -> bytes:
    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = MODEL_NAME
    request.model_spec.signature_name = signature
    request.inputs[tensor].CopyFrom(to_proto(value))
    return bytes(log.SerializeToString())
