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
FLAGS = frozenset(["has_avatar", "has_url", "has_highlight_reels", "private", "verified"])
_PROFILE = ["followers", "following", "posts", "biography_length", "has_avatar", "has_url", "private", "verified"]
FIELDS = {
    "x": [*_PROFILE, "likes_given", "listed", "age_days"],
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
    numbers = _with_age(rows).reindex(columns=list(fields)).apply(pd.to_numeric, errors="coerce")
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
