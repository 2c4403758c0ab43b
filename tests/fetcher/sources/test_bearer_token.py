from __future__ import annotations

import os
from pathlib import Path

from fetcher.limiter.handler import digest
from fetcher.sources.bearer_token import BearerToken


def test_a_given_token_stays_and_names_its_limits() -> None:
    token = BearerToken("invented")
    assert (token.current(), token.name) == ("invented", digest("invented"))


def test_a_changed_file_is_taken_up_and_the_windows_stay_its_own(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    token = BearerToken("old", file)
    name = token.name
    draft = tmp_path / "draft"
    draft.write_text("new\n")
    draft.replace(file)
    assert (token.current(), token.name) == ("new", name)


def test_an_absent_or_empty_file_leaves_the_last_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    token = BearerToken("old", file)
    file.write_text("")
    os.utime(file, (1, 1))
    assert token.current() == "old"
    file.unlink()
    assert token.current() == "old"
    file.write_text("new")
    assert token.current() == "new"
