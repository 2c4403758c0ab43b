"""A plain project's features of one account, computed row by row in Python, and a small Keras network for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

WIDTH = 20


def row_features(row: Mapping[str, Any]) -> list[float]:
    """`WIDTH` numbers; what is missing counts as 0."""
    username, name, biography = (_text(row, each) for each in ("username", "display_name", "biography"))
    followers, following, posts = (_number(row, each) for each in ("followers", "following", "posts"))
    return [
        float(row["platform"] == "instagram"),
        math.log10(1 + followers),
        math.log10(1 + following),
        math.log10(1 + posts),
        math.log10(1 + _number(row, "likes_given")),
        math.log10(1 + _number(row, "listed")),
        math.log10((1 + followers) / (1 + following)),
        math.log10((1 + posts) / (1 + followers)),
        _number(row, "has_avatar"),
        _number(row, "has_url"),
        len(username) / 30,
        sum(map(str.isdigit, username)) / 8,
        username.count("_") / 4,
        len(name) / 40,
        sum(map(str.isupper, name)) / 10,
        len(biography) / 160,
        sum(map(str.isdigit, biography)) / 20,
        biography.count("#") / 4,
        biography.count("@") / 3,
        float("http" in biography),
    ]


def small_network() -> Any:
    """An untrained one: what it says does not matter here."""
    return keras.Sequential(
        [
            keras.Input((WIDTH,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return 0.0 if value is None or value != value else float(value)  # noqa: PLR0124 - NaN, as pandas has it.
