"""The protocols fit on one side of a split and judge the other."""

from __future__ import annotations

import os

import numpy as np
import pytest

from training.baselines import LibraryMissing, baselines
from training.dataset import Dataset
from training.evaluation import Predict
from training.protocol import run_p1, run_p2
from training.splits import P2_FOLDS

THRESHOLDS = {"x": 0.5, "instagram": 0.5}


class Recorder:
    """A method that remembers the sources and rows it was given, and calls everything a bot."""

    def __init__(self) -> None:
        self.learned: list[set[str]] = []
        self.rows: list[set[str]] = []

    def fit(self, training: Dataset) -> Predict:
        self.learned.append(set(training.sources))
        self.rows.append(set(training.frame["row_id"]))
        return lambda judged: np.tile([0.1, 0.7, 0.1, 0.1], (len(judged), 1))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def renamed(dataset: Dataset, names: dict[str, str]) -> Dataset:
    """The same accounts as if they came from other sources."""
    return Dataset(dataset.frame.replace({"source": names}), dataset.features, dataset.labels)


def test_p1_never_learns_what_it_judges_nor_what_may_not_ship(dataset: Dataset, recorder: Recorder) -> None:
    answers = run_p1(dataset, {"recorder": recorder.fit}, THRESHOLDS, lambda _: None)
    assert answers.keys() == {"x", "instagram"}
    assert all("instafake-real" not in sources for sources in recorder.learned)
    judged = answers["x"]["recorder"]["platforms"]["x"]["rows"]
    assert len(recorder.rows[0]) + judged == 4 * 160


def test_p2_removes_whole_sources_and_averages_the_folds(dataset: Dataset, recorder: Recorder) -> None:
    names = {"bot-of-x": "botwiki-2019", "regular-of-x": "stock-2018-humans", "fake-of-x": "vendor-purchased-2019"}
    x = dataset.where(dataset.platforms == "x")
    answers = run_p2(renamed(x, names), {"recorder": recorder.fit}, THRESHOLDS, lambda _: None)
    assert answers.keys() == {"x"}
    assert answers["x"]["recorder"]["folds"].keys() == {"A", "B", "C"}
    assert recorder.learned[1] == {"influencer-of-x", "vendor-purchased-2019"}
    assert answers["x"]["recorder"]["mean"]["accused_humans"] == 1
    assert answers["x"]["recorder"]["threshold"] == pytest.approx(0.7)


def test_p2_can_be_cut_to_some_folds(dataset: Dataset, recorder: Recorder) -> None:
    names = {"bot-of-x": "botwiki-2019", "regular-of-x": "stock-2018-humans", "fake-of-x": "vendor-purchased-2019"}
    x = dataset.where(dataset.platforms == "x")
    chosen = [fold for fold in P2_FOLDS if fold.name == "B"]
    answers = run_p2(renamed(x, names), {"recorder": recorder.fit}, THRESHOLDS, lambda _: None, chosen)
    assert answers["x"]["recorder"]["folds"].keys() == {"B"}


def test_every_baseline_learns_an_easy_task(dataset: Dataset) -> None:
    x = dataset.where(dataset.platforms == "x")
    try:
        answers = run_p1(x, baselines(seed=1, threads=1), THRESHOLDS, lambda _: None)["x"]
    except LibraryMissing as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    assert len(answers) == 4
    for figures in answers.values():
        assert figures["platforms"]["x"]["accuracy"] > 0.7
