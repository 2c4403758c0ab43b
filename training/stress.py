"""Changes that make no other account: a new name, a new script, twelve more years. Confident labels must stand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from contracts.columns import AGE_COLUMN
from training.dataset import Dataset
from training.evaluation import Predict
from training.invented import invent

_TWELVE_YEARS = 12 * 365.25
_INVENTED = 500
_CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшхыз")
_SHIFT = {first + step: first + (step + 7) % 26 for first in (65, 97) for step in range(26)}


def rename(frame: pd.DataFrame) -> pd.DataFrame:
    """Every handle spelled with other letters, digits where they were."""
    return _with_texts(frame, "username", lambda text: text.translate(_SHIFT))


def rename_as_others(frame: pd.DataFrame) -> pd.DataFrame:
    """Every handle and display name replaced by one of an invented account, which may be of any class."""
    others = invent(_INVENTED, seed=5)
    for column in ("username", "display_name"):
        names = cycle([name for each in others if (name := getattr(each, column)) is not None])
        renamed = [next(names) if isinstance(text, str) else text for text in frame[column]]
        frame = frame.assign(**{column: renamed})
    measures = ("username_length", "username_digits", "username_digit_share")
    named = frame["username"].notna()
    return frame.assign(**{name: frame[name].mask(named) for name in measures})


def change_script(frame: pd.DataFrame) -> pd.DataFrame:
    """Display name and biography in Cyrillic letters."""
    for name in ("display_name", "biography"):
        frame = _with_texts(frame, name, lambda text: text.lower().translate(_CYRILLIC))
    return frame


def age(frame: pd.DataFrame) -> pd.DataFrame:
    """Every account twelve years older, its counts as they were."""
    return frame.assign(**{AGE_COLUMN: frame[AGE_COLUMN] + _TWELVE_YEARS})


def stress(predict: Predict, dataset: Dataset, threshold: float) -> dict[str, Any]:
    """Change -> the share of labels at or above `threshold` that flip under it."""
    before = predict(dataset)
    confident = before.max(1) >= threshold
    flipped: dict[str, Any] = {"confident": int(confident.sum())}
    for name, change in (
        ("aged by 12 years", age),
        ("renamed", rename),
        ("named as invented others", rename_as_others),
        ("other script", change_script),
    ):
        after = predict(Dataset.of(change(dataset.frame)))
        flips = (after.argmax(1) != before.argmax(1))[confident]
        flipped[name] = float(np.mean(flips)) if len(flips) else 0.0
    return flipped


def _with_texts(frame: pd.DataFrame, column: str, change: Callable[[str], str]) -> pd.DataFrame:
    return frame.assign(**{column: [change(text) if isinstance(text, str) else text for text in frame[column]]})
