"""The judge learns what foreign looks like from sources that were held out, and never loses a class over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from contracts.model import CLASSES
from training.config import RehearsalConfig
from training.dataset import Dataset
from training.gate import Judge
from training.judge import averaged, learn_judge, rehearse

CONFIG = RehearsalConfig(groups=2, repeats=2, hidden=(8,), batches=1, epochs=1)


@pytest.fixture
def rows(dataset: Dataset) -> Dataset:
    """X, with two sources to every class but influencers."""
    x = dataset.where(dataset.platforms == "x")
    half = np.where((np.arange(len(x)) % 2 == 1) & (x.labels != CLASSES.index("influencer")), "-2", "-1")
    return Dataset(x.frame.assign(source=x.sources.astype(str) + half), x.features, x.labels)


class Learner:
    """Remembers what each fit saw; views tell by 1 or 0 whether a row's source was seen, and noise beside it."""

    def __init__(self) -> None:
        self.seen: list[Dataset] = []

    def learn(self, some: Dataset, seed: int) -> Callable[[Dataset], np.ndarray]:
        self.seen.append(some)
        known, random = set(some.sources), np.random.default_rng(seed)

        def look(others: Dataset) -> np.ndarray:
            seen = np.array([source in known for source in others.sources], np.float32)
            return np.stack([seen, random.random(len(others))], axis=1).astype(np.float32)

        return look


def test_no_row_is_judged_by_a_fit_that_saw_it_and_no_fit_lacks_a_class(rows: Dataset) -> None:
    learner = Learner()
    rehearsed = rehearse(rows, learner.learn, CONFIG, seed=1)
    assert rehearsed is not None
    assert len(learner.seen) == 4
    for some in learner.seen:
        assert set(some.labels) == {0, 1, 2, 3}
        assert len(some) < len(rows)
    assert np.array_equal(rehearsed.views[:, 0] == 0, rehearsed.foreign)
    assert set(rehearsed.sources[rehearsed.foreign]).isdisjoint({"influencer-of-x-1"})


def test_the_judge_tells_foreign_from_familiar(rows: Dataset) -> None:
    rehearsed = rehearse(rows, Learner().learn, CONFIG, seed=1)
    assert rehearsed is not None
    scores = np.asarray(learn_judge(rehearsed, seed=1).score(rehearsed.views))[:, 0]
    assert ((scores < 0) == rehearsed.foreign).mean() > 0.99


def test_several_networks_as_one_answer_their_mean() -> None:
    random = np.random.default_rng(1)

    def layers() -> list[tuple[np.ndarray, np.ndarray]]:
        sizes = ((5, 4), (4, 1))
        return [(random.normal(size=size).astype(np.float32), np.ones(size[1], np.float32)) for size in sizes]

    def score(network: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        return np.asarray(Judge(np.zeros(5, np.float32), np.ones(5, np.float32), tuple(network)).score(views))

    views, networks = random.normal(size=(20, 5)).astype(np.float32), [layers() for _ in range(3)]
    mean = np.mean([score(network) for network in networks], axis=0)
    np.testing.assert_allclose(score(averaged(networks)), mean, atol=1e-5)


def test_without_a_source_to_spare_there_is_nothing_to_rehearse(dataset: Dataset) -> None:
    x = dataset.where(dataset.platforms == "x")
    assert rehearse(x, Learner().learn, CONFIG, seed=1) is None
