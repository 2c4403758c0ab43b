"""The figures of the last protocol runs, kept beside the configuration that they are about.

A platform's figures belong to the settings of that platform, so that each can be measured again without the other.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from contracts.features import SCHEMA_VERSION
from contracts.platforms import Platform
from training.config import Config

FOLDER = Path(__file__).with_name("figures")
NAMES = ("protocol", "balance", "seed", "fields", "search")
"""The protocol beside the baselines, its variations, and the search."""
LIMITS = "limits"
"""Beside a platform's figures: what a run that compares variations cut, `{"epochs", "members", "folds"}`."""


def digest(config: Config, platform: Platform) -> str:
    """Changes with whatever could change a network of `platform`."""
    learning = (SCHEMA_VERSION, config.seed, config.data, config.of(platform))
    return hashlib.sha256(repr(learning).encode()).hexdigest()[:12]


def write_figures(path: Path, config: Config, answers: dict[str, dict[str, Any]]) -> None:
    """`answers`: platform -> figures, each written with the configuration that it is about.

    What `path` holds of other platforms stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    document = _read(path)
    for platform, figures in answers.items():
        document[platform] = {"configuration": digest(config, Platform(platform)), **figures}
    ordered = {platform.value: document[platform.value] for platform in Platform if platform.value in document}
    path.write_text(json.dumps(ordered, indent=1) + "\n", "utf-8")


def read_figures(config: Config, folder: Path = FOLDER) -> dict[str, Any]:
    """`{"p1": {platform: figures}, "p2": ...}`, the same of each variation under its name, and searches by platform.

    What was cut stands beside p1 and p2 as `{"limits": {platform: limits}}`. Of another configuration nothing is read.
    """
    figures: dict[str, Any] = {}
    for name in NAMES:
        document = {
            platform: answers
            for platform, answers in _read(folder / f"{name}.json").items()
            if answers.pop("configuration", None) == digest(config, Platform(platform))
        }
        if name == "search":
            figures |= {name: document} if document else {}
        elif name == "protocol":
            figures |= _by_protocol(document)
        elif document:
            figures[name] = _by_protocol(document)
    return figures


def by_platform(answers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`{"p1": {platform: figures}, ...}` turned round: `{platform: {"p1": figures, ...}}`."""
    platforms = dict.fromkeys(platform for each in answers.values() for platform in each)
    return {
        platform: {protocol: each[platform] for protocol, each in answers.items() if platform in each}
        for platform in platforms
    }


def _by_protocol(document: dict[str, Any]) -> dict[str, Any]:
    limits = {platform: figures.pop(LIMITS) for platform, figures in document.items() if LIMITS in figures}
    return by_platform(document) | ({LIMITS: limits} if limits else {})


def _read(path: Path) -> dict[str, Any]:
    """Platform -> figures; empty without the file."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return document
