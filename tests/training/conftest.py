"""An invented labelled data set in the published layout, and a version trained on it once."""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from contracts.columns import NUMBER_COLUMNS
from contracts.model import CLASSES
from training.config import Config, ExpertConfig
from training.dataset import Dataset

COLUMNS = ["platform", "source", "label", "row_id", "username", "display_name", "biography", *NUMBER_COLUMNS]
TYPICAL = {"regular": (300, 300, 400), "bot": (50, 900, 9000), "influencer": (90000, 500, 3000), "fake": (10, 2000, 3)}
ROWS = 160


def invented_rows(platform: str, source: str, label: str, rows: int = ROWS) -> list[dict[str, object]]:
    """Rows of one source, whose counts lie around the typical ones of their class."""
    random = np.random.default_rng(list(f"{platform}/{source}".encode()))
    followers, following, posts = (
        (random.lognormal(np.log(typical), 0.7, rows)).astype(int) for typical in TYPICAL[label]
    )
    return [
        {
            "platform": platform,
            "source": source,
            "label": label,
            "row_id": hashlib.sha256(f"{source}{index}".encode()).hexdigest()[:16],
            "username": f"{source[0]}{index}",
            "followers": followers[index],
            "following": following[index],
            "posts": posts[index],
            "biography_length": 0 if index % 3 else 20,
            "has_avatar": int(index % 5 > 0),
        }
        for index in range(rows)
    ]


def write_source(folder: Path, platform: str, source: str, rows: list[dict[str, object]]) -> None:
    """One gzip CSV, where an absent value is an empty field."""
    path = folder / platform / f"{source}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both platforms, four classes each, one source a class and a non-commercial one."""
    folder = tmp_path_factory.mktemp("data")
    for platform in ("x", "instagram"):
        for label in CLASSES:
            source = f"{label}-of-{platform}"
            write_source(folder, platform, source, invented_rows(platform, source, label))
    write_source(folder, "instagram", "instafake-real", invented_rows("instagram", "instafake-real", "regular", 60))
    return folder


@pytest.fixture(scope="session")
def dataset(data: Path) -> Dataset:
    """All rows of `data`."""
    return Dataset.read(data)[0]


@pytest.fixture(scope="session")
def config() -> Config:
    """The real configuration, made small."""
    real = Config.read()

    def small(expert: ExpertConfig) -> ExpertConfig:
        return replace(expert, hidden=(16,), members=1, batch_size=64, batches=30, epochs=3, learning_rate=0.01)

    x, instagram = (
        replace(platform, close=small(platform.close), general=tuple(map(small, platform.general)))
        for platform in (real.x, real.instagram)
    )
    return replace(real, x=x, instagram=instagram)


@pytest.fixture(scope="session")
def console() -> Console:
    """A terminal that nobody sees."""
    return Console(quiet=True)


@pytest.fixture(scope="session")
def store(data: Path, config: Config, console: Console, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store that holds one version, trained on `data`."""
    from training.shipping import Shipping

    folder = tmp_path_factory.mktemp("store")
    Shipping(config, console).make(data, folder)
    return folder


@pytest.fixture(scope="session")
def version_folder(store: Path) -> Path:
    """That version."""
    return store / "rollcall" / "1"
