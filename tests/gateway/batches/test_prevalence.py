from __future__ import annotations

import numpy as np
import pytest

from contracts.model import CLASSES
from gateway.batches.prevalence import adjusted, estimate, together

CONFUSION = {
    "regular": {"regular": 800, "bot": 120, "influencer": 50, "fake": 30},
    "bot": {"regular": 90, "bot": 900, "influencer": 0, "fake": 10},
    "influencer": {"regular": 40, "bot": 0, "influencer": 360, "fake": 0},
    "fake": {"regular": 15, "bot": 25, "influencer": 0, "fake": 460},
}
MATRIX = np.array([[CONFUSION[name][label] for label in CLASSES] for name in CLASSES], float)
MATRIX /= MATRIX.sum(1, keepdims=True)


@pytest.mark.parametrize("truth", [(0.9, 0.05, 0.03, 0.02), (0.25, 0.25, 0.25, 0.25), (1, 0, 0, 0), (0, 0.5, 0, 0.5)])
def test_shares_that_the_confusion_has_moved_are_found_again(truth: tuple[float, ...]) -> None:
    labels = np.array(truth) @ MATRIX
    assert adjusted(labels[None], MATRIX[None])[0] == pytest.approx(truth, abs=1e-5)


def test_labels_that_no_shares_explain_give_the_nearest_shares() -> None:
    shares = adjusted(np.array([[0.0, 0.0, 0.0, 1.0]]), MATRIX[None])[0]
    assert shares.sum() == pytest.approx(1)
    assert shares == pytest.approx([0, 0, 0, 1], abs=1e-6)


def test_the_interval_holds_the_truth_in_about_so_many_cases_as_it_says() -> None:
    random = np.random.default_rng(7)
    truth = np.array([0.7, 0.2, 0.05, 0.05])
    held = 0
    for _ in range(60):
        confusion = {
            name: dict(zip(CLASSES, map(int, random.multinomial(500, row)), strict=True))
            for name, row in zip(CLASSES, MATRIX, strict=True)
        }
        labels = dict(zip(CLASSES, map(int, random.multinomial(1_000, truth @ MATRIX)), strict=True))
        found = estimate(labels, confusion).shares["bot"]
        held += found.low <= truth[1] <= found.high
    assert held >= 52


@pytest.mark.parametrize("confusion", [None, CONFUSION])
def test_what_was_not_seen_in_a_few_accounts_may_be_there_still(confusion: dict[str, dict[str, int]] | None) -> None:
    found = estimate({"regular": 5}, confusion).shares
    assert found["influencer"].share == found["influencer"].low == 0
    assert 0.1 < found["influencer"].high < 0.6
    assert 0.2 < found["regular"].low < 0.9
    assert found["regular"].high == found["regular"].share == 1


def test_few_accounts_give_a_wide_interval_and_many_a_narrow_one() -> None:
    few, many = (
        estimate({"regular": 6 * n, "bot": 3 * n, "influencer": n}, CONFUSION).shares["bot"] for n in (2, 2_000)
    )
    assert few.high - few.low > 0.3
    assert many.high - many.low < 0.1


def test_without_a_confusion_the_shares_are_those_of_the_labels() -> None:
    found = estimate({"regular": 80, "bot": 20}, None)
    assert found.rests_on == 0
    assert found.shares["bot"].share == 0.2
    assert found.shares["bot"].low < 0.2 < found.shares["bot"].high
    assert estimate({"regular": 1}, {"regular": CONFUSION["regular"]}).rests_on == 0


def test_an_empty_batch_has_no_shares() -> None:
    assert estimate({}, CONFUSION).shares == {}
    assert together({}) == {}


def test_platforms_count_by_their_accounts() -> None:
    parts = {"x": estimate({"bot": 300}, None), "instagram": estimate({"regular": 100}, None)}
    assert together(parts)["bot"].share == pytest.approx(0.75)
