from __future__ import annotations

from pathlib import Path

import pytest

from fetcher.errors import StoreUnavailable
from fetcher.hash_key import BYTES, open_hash_key


def test_the_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "hash.key"
    key = open_hash_key(path)
    assert len(key) == BYTES
    assert open_hash_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_a_full_disk_left_of_a_key_is_none(tmp_path: Path) -> None:
    path = tmp_path / "hash.key"
    path.write_bytes(b"")
    assert len(open_hash_key(path)) == BYTES


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be read or made"):
        open_hash_key(tmp_path / "file" / "hash.key")
