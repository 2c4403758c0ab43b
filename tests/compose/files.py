"""The compose files as docker-compose is given them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FULL = "docker-compose.yml"
MINIMAL = "docker-compose.minimal.yml"
LOCAL_MODEL_SERVER = "docker-compose.local-model-server.yml"
COMBINATIONS = [(FULL,), (MINIMAL,), (FULL, LOCAL_MODEL_SERVER), (MINIMAL, LOCAL_MODEL_SERVER)]

Service = dict[str, Any]


def document(name: str) -> dict[str, Any]:
    """A whole file, with its anchors put in place."""
    loaded = yaml.safe_load((ROOT / name).read_text())
    assert isinstance(loaded, dict)
    return loaded


def services(name: str) -> dict[str, Service]:
    """Its services by name."""
    found: dict[str, Service] = document(name)["services"]
    return found


def megabytes(limit: str) -> int:
    """512m -> 512, 2g -> 2048."""
    return int(limit[:-1]) * {"m": 1, "g": 1024}[limit[-1]]
