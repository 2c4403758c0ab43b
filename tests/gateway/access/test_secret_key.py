from __future__ import annotations

from pathlib import Path

import pytest

from gateway.access.secret_key import SecretKeyError, open_secret_key


def test_it_is_made_once_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret.key"
    first = open_secret_key(path)
    assert open_secret_key(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_each_purpose_has_its_own_key_and_nothing_is_shown(tmp_path: Path) -> None:
    secret = open_secret_key(tmp_path / "secret.key")
    assert secret.derive("session") != secret.derive("accounts")
    assert repr(secret) == "SecretKey()"


def test_without_a_file_it_ends_with_the_process() -> None:
    assert open_secret_key(None) != open_secret_key(None)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("hunter2")
    with pytest.raises(SecretKeyError, match="at least 32 bytes") as caught:
        open_secret_key(tmp_path / "secret.key")
    assert "hunter2" not in str(caught.value)
