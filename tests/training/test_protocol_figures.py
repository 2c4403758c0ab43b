"""Figures are kept beside the configuration that they are about, each platform's by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.platforms import Platform
from training.config import Config
from training.protocol_figures import by_platform, read_figures, write_figures


@pytest.fixture
def config() -> Config:
    return Config.read()


def changed(config: Config, platform: Platform) -> Config:
    settings = config.of(platform)
    return config.with_platform(platform, replace(settings, close=replace(settings.close, dropout=0.01)))


def test_what_was_measured_at_different_times_is_read_together(config: Config, tmp_path: Path) -> None:
    write_figures(tmp_path / "protocol.json", config, by_platform({"p1": {"x": 1, "instagram": 2}}))
    write_figures(tmp_path / "protocol.json", config, by_platform({"p1": {"x": 3}, "p2": {"x": 4}}))
    assert read_figures(config, tmp_path) == {"p1": {"x": 3, "instagram": 2}, "p2": {"x": 4}}


def test_figures_of_other_settings_of_the_platform_are_left_out(config: Config, tmp_path: Path) -> None:
    write_figures(tmp_path / "seed.json", config, by_platform({"p1": {"x": 1, "instagram": 2}}))
    assert read_figures(changed(config, Platform.X), tmp_path) == {"seed": {"p1": {"instagram": 2}}}


def test_variations_say_what_was_cut(config: Config, tmp_path: Path) -> None:
    cut = {"epochs": 4, "folds": "A, B"}
    write_figures(tmp_path / "balance.json", config, {"x": {"p1": 1, "limits": cut}, "instagram": {"p1": 2}})
    assert read_figures(config, tmp_path)["balance"] == {"p1": {"x": 1, "instagram": 2}, "limits": {"x": cut}}


def test_a_search_is_kept_by_platform(config: Config, tmp_path: Path) -> None:
    write_figures(tmp_path / "search.json", config, {"instagram": {"epochs": 4, "trials": []}})
    assert read_figures(config, tmp_path) == {"search": {"instagram": {"epochs": 4, "trials": []}}}
