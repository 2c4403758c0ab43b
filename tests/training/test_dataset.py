"""Files become arrays; hiding a field hides what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from contracts.features import FEATURE_NAMES, F
from training.dataset import Dataset


def test_every_file_is_read(dataset: Dataset) -> None:
    assert len(dataset) == 8 * 160 + 60
    assert dataset.features.shape == (len(dataset), F)
    assert set(dataset.labels.tolist()) == {0, 1, 2, 3}


def test_a_folder_of_one_platform_and_an_unseen_source_is_enough(tmp_path: Path, data: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "somewhere-new.csv.gz").write_bytes((data / "x" / "bot-of-x.csv.gz").read_bytes())
    dataset, dropped = Dataset.read(tmp_path)
    assert set(dataset.platforms) == {"x"}
    assert sum(dropped.values()) == 0


def test_hidden_columns_are_masked_in_the_tensor(dataset: Dataset) -> None:
    hidden = dataset.without(("followers", "username"))
    for name in ("followers_known", "followers_to_following_known"):
        column = FEATURE_NAMES.index(name)
        assert dataset.features[:, column].any()
        assert not hidden.features[:, column].any()
    following = FEATURE_NAMES.index("following")
    assert np.array_equal(hidden.features[:, following], dataset.features[:, following])
