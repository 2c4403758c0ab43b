"""One profile that was given instead of fetched, in any of the shapes that are read.

- flat: the names of contracts/profile.py, and those of labelled data (counts of a text without the text, rates), with
  the statistics of recent posts in `activity` or beside the others; it names its `platform`
- X's user object, as the API v2 gives it
- Instagram's node of a user, as its web and Instaloader give it

Wrappers of the platforms (`{"data": ...}`, `{"data": {"user": ...}}`, Instaloader's `{"node": ...}`) are taken off.
What the model does not read is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from contracts.columns import MEASURE_COLUMNS, RATE_COLUMNS, Columns
from contracts.json_fields import InvalidField
from contracts.profile import Profile
from gateway.offline import flat_record, instagram_node, x_user

SHAPES = (
    "A record names its `platform` (x or instagram) beside its facts, or is a user object of X's API v2, "
    "or a user node of Instagram's web."
)


class InvalidRecord(ValueError):  # noqa: N818 - it names what was given, like InvalidReference.
    """A record cannot be read; the message is one sentence that says what would be right."""


@dataclass(frozen=True, slots=True)
class Record:
    """`id` is what the record calls itself, if anything; `measures` are columns that no profile holds."""

    profile: Profile
    id: str | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


def read_record(value: Any, now: datetime) -> Record:
    """Read one record; `now` (UTC) is when it was collected, if it does not say so. Raises InvalidRecord."""
    value = _unwrapped(value)
    if not isinstance(value, dict):
        raise InvalidRecord(f"That is no JSON object. {SHAPES}")
    try:
        if "platform" in value:
            return Record(*flat_record.read(value, now))
        if x_user.is_one(value):
            return Record(*x_user.read(value, now))
        if instagram_node.is_one(value):
            return Record(*instagram_node.read(value, now))
    except InvalidField as error:
        raise InvalidRecord(str(error)) from None
    raise InvalidRecord(f"That names no platform. {SHAPES}")


def to_columns(records: Sequence[Record]) -> Columns:
    """One row per record, in their order."""
    columns = Columns.from_profiles([record.profile for record in records])
    numbers = dict(columns.numbers)
    for name in (*MEASURE_COLUMNS, *RATE_COLUMNS):
        given = np.array([record.measures.get(name, np.nan) for record in records], np.float64)
        numbers[name] = np.where(np.isnan(given), numbers[name], given)
    return Columns(columns.texts, numbers, columns.characters)


def _unwrapped(value: Any) -> Any:
    """What stands in the platforms' wrappers."""
    for name in ("data", "user", "node"):
        inner = value.get(name) if isinstance(value, dict) and "platform" not in value else None
        if isinstance(inner, dict):
            value = inner
    return value
