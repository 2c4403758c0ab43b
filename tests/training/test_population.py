from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.population import LEAST_ACCOUNTS, main, summarize_source

COLUMNS = ["label", "followers", "following", "posts", "biography_length", "has_avatar", "created_at", "collected_at"]


def rows(count: int, seed: int = 1) -> pd.DataFrame:
    """Invented accounts whose posts follow their followers."""
    random = np.random.default_rng(seed)
    followers = random.lognormal(5, 1, count)
    return pd.DataFrame(
        {
            "label": "regular",
            "username": [f"invented_{number}" for number in range(count)],
            "followers": followers.round(),
            "following": random.lognormal(5, 1, count).round(),
            "posts": (followers * random.lognormal(0, 0.1, count)).round(),
            "biography_length": random.integers(0, 150, count),
            "has_avatar": (random.random(count) < 0.9).astype(int),
            "created_at": "2019-01-01T00:00:00Z",
            "collected_at": "2020-01-01T00:00:00Z",
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for platform in ("x", "instagram"):
        (tmp_path / platform).mkdir()
        rows(200).to_csv(tmp_path / platform / "invented.csv.gz", index=False)
        rows(LEAST_ACCOUNTS - 1).assign(label="bot").to_csv(tmp_path / platform / "few.csv.gz", index=False)
    return tmp_path


def test_aggregates_hold_quantiles_shares_and_correlations() -> None:
    table = rows(400)
    source = summarize_source(table, ["followers", "posts", "has_avatar", "age_days", "listed"])
    assert source["accounts"] == 400
    assert set(source["fields"]) == {"followers", "posts", "has_avatar", "age_days"}
    quantiles = source["fields"]["followers"]["quantiles"]
    assert len(quantiles) == 99
    assert quantiles[49] == pytest.approx(table["followers"].median(), rel=0.01)
    assert source["fields"]["has_avatar"]["share"] == pytest.approx(table["has_avatar"].mean(), abs=0.001)
    assert source["fields"]["age_days"]["quantiles"][0] == 365
    assert source["correlation"][0][1] > 0.9


def test_the_correlation_is_positive_definite() -> None:
    source = summarize_source(rows(300), ["followers", "following", "posts", "biography_length", "has_avatar"])
    assert np.linalg.eigvalsh(np.array(source["correlation"])).min() > 0


def test_a_source_of_few_accounts_is_left_out(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "population.json"
    assert main(["--data", str(data), "--out", str(out)]) == 0
    population = json.loads(out.read_text())
    assert {platform: set(classes) for platform, classes in population.items()} == {
        "x": {"regular"},
        "instagram": {"regular"},
    }


def test_no_text_of_a_row_reaches_the_file(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "population.json"
    main(["--data", str(data), "--out", str(out)])
    assert "invented" not in out.read_text()


def test_a_folder_without_data_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out.json")]) == 2
    assert "holds no source" in capsys.readouterr().err
