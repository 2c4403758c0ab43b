from __future__ import annotations

import logging
from pathlib import Path

import pytest
from google.protobuf import text_format

from contracts.serving_protos import ModelConfig
from serving.local_server.errors import NotFound
from serving.local_server.version_folders import read_versions, wanted_versions


def test_children_named_by_a_number_are_versions(tmp_path: Path) -> None:
    for name in ("1", "00000123", "+7", "-4", "tmp-1", "1.tmp", "1_000", "9223372036854775808", "٣"):
        (tmp_path / name).mkdir()
    (tmp_path / "5").write_text("a file, not a folder")
    found = read_versions("m", tmp_path)
    assert sorted(found) == [-4, 1, 5, 7, 123]
    assert found[123] == tmp_path / "00000123"


def test_of_two_names_with_one_number_one_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("1", "01"):
        (tmp_path / name).mkdir()
    with caplog.at_level(logging.WARNING):
        assert list(read_versions("m", tmp_path)) == [1]
    assert "Duplicate version 1 of servable m" in caplog.text


def test_missing_base_path_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"Could not find base path .*gone for servable m with error"):
        read_versions("m", tmp_path / "gone")


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("", [3]),
        ("latest { num_versions: 2 }", [2, 3]),
        ("latest { num_versions: 0 }", [3]),
        ("all {}", [1, 2, 3]),
        ("specific { versions: 1 versions: 3 }", [1, 3]),
        ("specific { versions: 2 versions: 9 }", [2]),
        ("specific {}", []),
    ],
)
def test_policy_chooses_versions(policy: str, wanted: list[int]) -> None:
    config = ModelConfig(name="m")
    text_format.Parse(f"model_version_policy {{ {policy} }}" if policy else "", config)
    present = {number: Path(str(number)) for number in (1, 2, 3)}
    assert sorted(wanted_versions(config, present)) == wanted
