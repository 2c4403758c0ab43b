from __future__ import annotations

from pathlib import Path

import pytest

from contracts.platforms import Platform
from fetcher.emulator.app import REAL_LIMITS
from fetcher.errors import ConfigurationError
from fetcher.limiter.limits_file import DEFAULT_FILE, read_limits


def test_the_defaults_are_the_limits_that_the_emulated_platforms_keep() -> None:
    for platform, rules in read_limits().rules.items():
        kept = {(window.name, window.methods, window.limit, window.seconds) for window in rules.windows}
        assert kept == {(each.name, each.methods, each.limit, each.seconds) for each in REAL_LIMITS[platform]}


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    text = DEFAULT_FILE.read_text()
    text = text.replace("margin_s = 2 ", 'margin_s = "two"').replace("pace_from_share = 0.1", "pace_from_share = 7")
    text = text.replace('kind = "sliding"', 'kind = "wobbly"', 1).replace("limit = 300", "limit = 0", 1)
    text = text.replace("seconds = 900", "seconds = 900\nmost = 1.5", 1)
    text = text.replace('methods = ["users_by_id"]', 'methods = ["tweets"]').replace("blocked_s = 3600", "bocked_s = 1")
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_limits(file)
    said = "\n".join(caught.value.mistakes)
    for named in (
        "margin_s",
        "pace_from_share",
        "instagram.windows[0].kind",
        "x.windows[0].limit",
        "x.windows[0].most",
        "x.windows[1].methods",
        "a window for users_by_id",
        "x.penalties.bocked_s is unknown",
        "x.penalties.blocked_s",
    ):
        assert named in said


def test_a_window_may_be_made_narrower(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(DEFAULT_FILE.read_text().replace("limit = 75", "limit = 20"))
    assert read_limits(file).rules[Platform.INSTAGRAM].windows[0].limit == 20


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("limit = = 3")
    with pytest.raises(ConfigurationError, match=r"limits\.toml cannot be read"):
        read_limits(file)
