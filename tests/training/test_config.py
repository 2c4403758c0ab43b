"""The configuration says all its mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.config import DEFAULT_FILE, Config, InvalidConfig


def test_shipped_configuration_is_readable() -> None:
    config = Config.read()
    assert config.x.close.hidden
    assert all(0 <= each <= 1 for each in config.description.accusation_thresholds.by_platform().values())


def test_every_mistake_is_named_in_one_error(tmp_path: Path) -> None:
    text = DEFAULT_FILE.read_text("utf-8")
    text = text.replace("resampling = ", "resampling = -", 1).replace("epochs = ", "epoch = ", 1)
    path = tmp_path / "wrong.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidConfig) as raised:
        Config.read(path)
    message = str(raised.value)
    assert "x.close.resampling: expected a number from 0 to 1." in message
    assert "x.close.epoch: there is no such setting." in message
    assert "x.close.epochs: is missing." in message


def test_a_list_of_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    lines = [
        'hidden = ["wide"]' if line.startswith("hidden") else line
        for line in DEFAULT_FILE.read_text("utf-8").splitlines()
    ]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(InvalidConfig, match=r"x.close.hidden: expected a list of whole numbers\."):
        Config.read(path)


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("seed = = 1", "utf-8")
    with pytest.raises(InvalidConfig, match=r"wrong.toml"):
        Config.read(path)
