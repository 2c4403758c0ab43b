"""Any subset of files is data; none at all is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data_folder import NoData, find_files


def test_files_of_both_platforms_are_found_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("instagram/b.csv.gz", "x/c.csv.gz", "x/a.csv.gz", "x/readme.txt", "elsewhere/d.csv.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path)]
    assert names == ["x/a.csv.gz", "x/c.csv.gz", "instagram/b.csv.gz"]


def test_an_empty_folder_says_where_to_get_each_set(tmp_path: Path) -> None:
    with pytest.raises(NoData) as raised:
        find_files(tmp_path)
    message = str(raised.value)
    assert str(tmp_path) in message
    for name in ("cresci", "verified-2019", "purba2020", "kim2020", "kaggle-ig", "instafake", "*.csv.gz"):
        assert name in message
