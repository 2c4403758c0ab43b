"""Aggregates of the labelled data from which the emulated platforms invent their accounts.

`python -m training.population --data DIR --out fetcher/emulator/population.json`

Per platform, class and source: quantiles of each field at 1 to 99% over at least 100 accounts, shares of flags, and
the correlations that a Gaussian copula needs (2 sin(pi/6 * Spearman's rho), made positive definite). No row, handle or
text leaves the data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEAST_ACCOUNTS = 100
PERCENTS = range(1, 100)
FLAGS = frozenset(
    "has_avatar has_url has_highlight_reels private verified biography_starts_upper biography_ends_sentence".split()
)
_NAME_SHAPES = ("length", "words", "upper_share", "digits", "symbols", "in_handle")
_BIOGRAPHY_SHAPES = (
    *("word_length", "upper_share", "starts_upper", "ends_sentence", "digits", "symbols", "mentions", "hashtags"),
    *("links", "exclamations", "stops", "commas", "separators"),
)
TEXT_SHAPES = [
    *(f"name_{shape}" for shape in _NAME_SHAPES),
    *(f"biography_{shape}" for shape in _BIOGRAPHY_SHAPES),
]
"""Measures of the display name and of the biography where there is one: kinds of characters, never words."""
_PROFILE = ["followers", "following", "posts", "biography_length", "has_avatar", "has_url", "private", "verified"]
FIELDS = {
    "x": [*_PROFILE, "likes_given", "listed", "age_days", *TEXT_SHAPES],
    "instagram": [
        *_PROFILE,
        "has_highlight_reels",
        "like_rate_percent",
        "comment_rate_percent",
        "hours_between_posts_mean",
        "location_share",
        "hashtags_per_post_mean",
        "caption_length_mean",
        "caption_near_empty_share",
        "non_image_share",
        "promo_keywords_per_post",
        "follow_keywords_per_post",
        "caption_similarity_mean",
    ],
}


def summarize_folder(data: Path) -> dict[str, Any]:
    """`{platform: {class: [source, ...]}}` over every file of `data`; sources below 100 accounts are left out."""
    population: dict[str, Any] = {}
    for platform, fields in FIELDS.items():
        for file in sorted((data / platform).glob("*.csv.gz")):
            table = pd.read_csv(file, low_memory=False)
            for label, rows in table.groupby("label"):
                if len(rows) >= LEAST_ACCOUNTS:
                    classes = population.setdefault(platform, {})
                    classes.setdefault(str(label), []).append(summarize_source(rows, fields))
    return population


def summarize_source(rows: pd.DataFrame, fields: Sequence[str]) -> dict[str, Any]:
    """`{"accounts", "fields": {name: {"quantiles": [...]} or {"share": p}}, "correlation": [[...]]}`."""
    numbers = with_text_shapes(_with_age(rows)).reindex(columns=list(fields)).apply(pd.to_numeric, errors="coerce")
    known = [name for name in fields if int(numbers[name].notna().sum()) >= LEAST_ACCOUNTS]
    described = {name: _describe(name, numbers[name].dropna().to_numpy(np.float64)) for name in known}
    return {"accounts": len(rows), "fields": described, "correlation": _correlation(numbers[known])}


def _with_age(rows: pd.DataFrame) -> pd.DataFrame:
    if "created_at" not in rows or "collected_at" not in rows:
        return rows
    created, collected = (
        pd.to_datetime(rows[name], utc=True, errors="coerce", format="ISO8601")
        for name in ("created_at", "collected_at")
    )
    return rows.assign(age_days=(collected - created).dt.total_seconds() / 86400)


def with_text_shapes(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with the columns of `TEXT_SHAPES` where texts are known."""
    shapes: dict[str, Any] = {}
    if "display_name" in rows and "username" in rows:
        name, handle = rows["display_name"].astype("string"), rows["username"].astype("string").str.lower()
        shapes |= _shapes("name", name)
        shapes["name_in_handle"] = pd.Series(
            [_in_handle(*pair) for pair in zip(name, handle, strict=True)], rows.index, dtype="Float64"
        )
    if "biography" in rows:
        shapes |= _shapes("biography", rows["biography"].astype("string"))
    wanted = {name: shapes[name].astype("Float64") for name in TEXT_SHAPES if name in shapes}
    return pd.concat([rows, pd.DataFrame(wanted, index=rows.index)], axis=1)


def _shapes(prefix: str, text: Any) -> dict[str, Any]:
    length, blanks = text.str.len(), text.str.count(" ")
    letters = text.str.count(r"[A-Za-z]")
    shapes = {
        "length": length,
        "words": blanks + 1,
        "word_length": (length - blanks) / (blanks + 1),
        "upper_share": text.str.count(r"[A-Z]") / letters.where(letters > 0),
        "starts_upper": text.str.contains(r"^[A-Z]"),
        "ends_sentence": text.str.contains(r"[.!?]$"),
        "digits": text.str.count(r"[0-9]"),
        "symbols": text.str.count(r"[\u2600-\u27bf\U0001f000-\U0001faff]"),
        "mentions": text.str.count("@"),
        "hashtags": text.str.count("#"),
        "links": text.str.count("://"),
        "exclamations": text.str.count(r"[!?]"),
        "stops": text.str.count(r"\."),
        "commas": text.str.count(r"[,;:'\"()&]"),
        "separators": text.str.count(r"[|\u2022\u00b7\-]"),
    }
    return {f"{prefix}_{name}": shape for name, shape in shapes.items()}


def _in_handle(name: object, handle: object) -> float | None:
    """The share of the name's pairs of letters that the handle has too."""
    if not isinstance(name, str) or not isinstance(handle, str):
        return None
    letters = "".join(character for character in name.lower() if character.isalnum())
    pairs = {letters[place : place + 2] for place in range(len(letters) - 1)}
    return sum(pair in handle for pair in pairs) / len(pairs) if pairs else None


def _describe(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    if name in FLAGS:
        return {"share": round(float(values.mean()), 3)}
    return {"quantiles": [_significant(float(value)) for value in np.percentile(values, list(PERCENTS))]}


def _significant(value: float) -> float | int:
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() else rounded


def _correlation(numbers: pd.DataFrame) -> list[list[float]]:
    ranks = numbers.corr(method="spearman", min_periods=LEAST_ACCOUNTS).fillna(0.0).to_numpy(np.float64)
    normal = 2 * np.sin(np.pi / 6 * ranks)
    np.fill_diagonal(normal, 1.0)
    values, vectors = np.linalg.eigh(normal)
    positive = vectors @ np.diag(np.maximum(values, 0.02)) @ vectors.T
    scale = np.sqrt(np.diag(positive))
    rounded: list[list[float]] = np.round(positive / np.outer(scale, scale), 3).tolist()
    return rounded


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.population", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds x/*.csv.gz and instagram/*.csv.gz")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args(arguments)
    population = summarize_folder(options.data)
    if not population:
        print(f"{options.data} holds no source of at least {LEAST_ACCOUNTS} accounts.", file=sys.stderr)  # noqa: T201
        return 2
    options.out.write_text(json.dumps(population, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
