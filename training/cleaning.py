"""Labelled rows made trustworthy: types, ranges, doubles. What was dropped is counted, never shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from contracts.columns import AGE_COLUMN, NUMBER_COLUMNS, TEXT_COLUMNS
from contracts.model import CLASSES
from contracts.platforms import Platform

_KEYS = ("source", "label", "row_id")
_DATES = ("created_at", "collected_at")
"""Of an account and of its fetch; only the days between them are kept."""
_TEXTS = tuple(name for name in TEXT_COLUMNS if name != "platform")
_SHARES = frozenset(
    name
    for name in NUMBER_COLUMNS
    if name.endswith("_share") or name.startswith("has_") or name == "caption_similarity_mean"
)

_CHECKS: tuple[tuple[str, Callable[[pd.DataFrame], pd.Series[bool]]], ...] = (
    ("unknown platform", lambda rows: rows["platform"].isin(list(map(str, Platform)))),
    ("unknown class", lambda rows: rows["label"].isin(CLASSES)),
    ("no row_id", lambda rows: rows["row_id"].str.fullmatch(r"[0-9a-f]{16}")),
    ("repeated row_id", lambda rows: ~rows["row_id"].duplicated()),
    ("no counts", lambda rows: (rows[["followers", "following", "posts"]] != "").any(axis=1)),
)
"""Why a row is dropped, and which rows pass."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`frame` has the columns of contracts.columns (NaN or None = unknown) and source, label, row_id.

    `dropped`: reason -> rows.
    """

    frame: pd.DataFrame
    dropped: dict[str, int]


def read_rows(files: Sequence[Path]) -> pd.DataFrame:
    """All rows of `files` as text, '' = unknown; a column that a file lacks is unknown there."""
    columns = ["platform", *_KEYS, *_DATES, *_TEXTS, *NUMBER_COLUMNS]
    wanted = set(columns)
    frames = [
        pd.read_csv(path, dtype=str, keep_default_na=False, usecols=lambda name: name in wanted) for path in files
    ]
    rows = pd.concat(frames, ignore_index=True)
    return rows.reindex(columns=columns, fill_value="").fillna("")


def clean(rows: pd.DataFrame) -> Cleaned:
    """Check and convert `rows` (of `read_rows`).

    Rows are dropped that lack a known platform, class or row_id, that repeat a row_id, or that hold none of the three
    counts. A number that is negative, infinite or a share above 1 becomes unknown. A biography is known to be empty
    only where its length is known to be 0. The account's age is taken from its dates, which go no further.
    """
    dropped: dict[str, int] = {}
    frame = rows
    for reason, keep in _CHECKS:
        kept = keep(frame)
        dropped[reason] = int((~kept).sum())
        frame = frame[kept]
    numbers = {name: _numbers(frame[name], share=name in _SHARES) for name in NUMBER_COLUMNS}
    numbers[AGE_COLUMN] = numbers[AGE_COLUMN].where(numbers[AGE_COLUMN].notna(), _age(frame))
    texts = {name: frame[name].astype(object).where(frame[name] != "", None) for name in _TEXTS}
    texts["biography"] = texts["biography"].mask(numbers["biography_length"] == 0, "")
    keys = {name: frame[name].astype(object) for name in ("platform", *_KEYS)}
    return Cleaned(pd.DataFrame(keys | texts | numbers).reset_index(drop=True), dropped)


def _age(frame: pd.DataFrame) -> pd.Series[float]:
    """Days from creation to collection, NaN where either is unknown or the order is wrong."""
    created, collected = (pd.to_datetime(frame[name], utc=True, errors="coerce", format="ISO8601") for name in _DATES)
    days = (collected - created).dt.total_seconds() / 86400
    return days.where(days >= 0)


def _numbers(column: pd.Series[str], *, share: bool) -> pd.Series[float]:
    values = pd.to_numeric(column, errors="coerce").astype(np.float64)
    in_range = np.isfinite(values) & (values >= 0) & ((values <= 1) if share else True)
    return values.where(in_range)
