"""The figures of the last protocol runs, kept beside the configuration that they are about."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from contracts.features import SCHEMA_VERSION
from training.config import Config

FOLDER = Path(__file__).with_name("figures")
NAMES = ("protocol", "balance", "seed", "fields", "search")
"""The protocol beside the baselines, its variations, and the search."""


def digest(config: Config) -> str:
    """Changes with whatever could change a network."""
    learning = (SCHEMA_VERSION, config.seed, config.data, config.x, config.instagram)
    return hashlib.sha256(repr(learning).encode()).hexdigest()[:12]


def write_figures(path: Path, config: Config, answers: dict[str, Any]) -> None:
    """`answers` of protocol.slim, with the configuration that they are about."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"configuration": digest(config), **answers}, indent=1) + "\n", "utf-8")


def read_figures(config: Config, folder: Path = FOLDER) -> dict[str, Any]:
    """Those of `folder` that are about this configuration; the variations under their names."""
    figures: dict[str, Any] = {}
    for name in NAMES:
        path = folder / f"{name}.json"
        document = json.loads(path.read_text("utf-8")) if path.exists() else {}
        if document.pop("configuration", None) == digest(config):
            figures |= document if name == "protocol" else {name: document}
    return figures
