"""Corrections that an operator approved, as one more source of labelled rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contracts.columns import NUMBER_COLUMNS, TEXT_COLUMNS, Columns
from contracts.json_fields import InvalidField
from contracts.model import CLASSES
from contracts.platforms import Platform
from contracts.profile import Profile

SOURCE = "feedback"
_ENTRIES = {"profile", "label", "approved"}


class InvalidCorrections(ValueError):  # noqa: N818 - it names what was given.
    """Lines that are no corrections; the message names every one by its number, never by its content."""


@dataclass(frozen=True, slots=True)
class Correction:
    """An account and the class that a person says it has; `approved` by an operator."""

    profile: Profile
    label: str
    approved: bool


def read_corrections(text: str) -> list[Correction]:
    """One JSON object a line, `{"profile": contracts.profile, "label": class, "approved": true or false}`.

    Raises InvalidCorrections with every mistake.
    """
    corrections: list[Correction] = []
    mistakes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            corrections.append(_correction(json.loads(line)))
        except json.JSONDecodeError:
            mistakes.append(f"line {number}: no JSON.")
        except InvalidField as error:
            mistakes.append(f"line {number}: {error}")
    if mistakes:
        raise InvalidCorrections("\n".join(mistakes))
    return corrections


def write_source(corrections: Sequence[Correction], folder: Path, source: str = SOURCE) -> dict[Path, int]:
    """Write the approved ones of each platform as `folder`/<platform>/`source`.csv.gz; returns the rows of each file.

    Of several corrections of one account the last counts. A later call replaces the file, so hand it all that hold.
    """
    written: dict[Path, int] = {}
    for platform in Platform:
        latest = {
            _row_id(each.profile): each for each in corrections if each.approved and each.profile.platform is platform
        }
        if latest:
            path = folder / platform.value / f"{source}.csv.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = _rows(latest, source)
            rows.to_csv(path, index=False)
            written[path] = len(rows)
    return written


def _correction(value: Any) -> Correction:
    if not isinstance(value, dict) or value.keys() != _ENTRIES:
        raise InvalidField("correction", "an object of profile, label and approved")
    if value["label"] not in CLASSES:
        raise InvalidField("label", f"one of {', '.join(CLASSES)}")
    if not isinstance(value["approved"], bool):
        raise InvalidField("approved", "true or false")
    return Correction(Profile.from_json(value["profile"]), value["label"], value["approved"])


def _row_id(profile: Profile) -> str:
    """As the published rows': a hash that depends on nothing but the account."""
    return hashlib.sha256(f"{profile.platform.value}:{profile.id or profile.username}".encode()).hexdigest()[:16]


def _rows(latest: dict[str, Correction], source: str) -> pd.DataFrame:
    columns = Columns.from_profiles([each.profile for each in latest.values()])
    keys = {"source": source, "label": [each.label for each in latest.values()], "row_id": list(latest)}
    texts = {name: columns.texts[name] for name in TEXT_COLUMNS}
    numbers = {name: np.asarray(columns.numbers[name]) for name in NUMBER_COLUMNS}
    return pd.DataFrame(texts | numbers | keys)
