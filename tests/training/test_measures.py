"""Figures, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.measures import (
    accuracy_at,
    accused_humans,
    calibration_error,
    class_figures,
    confusion_matrix,
    measure,
    prediction_sets,
    reliability,
)

REGULAR, BOT, INFLUENCER, FAKE = range(4)


def sure(label: int, probability: float = 1.0) -> list[float]:
    row = [(1 - probability) / 3] * 4
    row[label] = probability
    return row


def test_perfect_answers() -> None:
    labels = np.array([0, 1, 2, 3])
    figures = measure(np.eye(4), labels, 0.9)
    assert figures["accuracy"] == figures["macro_f1"] == 1
    assert figures["ece"] == figures["accused_humans"] == 0
    assert figures["recall"] == {"regular": 1, "bot": 1, "influencer": 1, "fake": 1}
    assert set(figures["roc_auc"].values()) == {1.0}


def test_classes_without_rows_are_left_out_of_the_averages() -> None:
    answers = np.array([sure(BOT, 0.8), sure(BOT, 0.8), sure(FAKE, 0.8), sure(REGULAR, 0.8)])
    figures = measure(answers, np.array([BOT, BOT, BOT, REGULAR]), 0.9)
    assert figures["recall"] == pytest.approx({"regular": 1, "bot": 2 / 3})
    assert figures["macro_f1"] == pytest.approx((1 + 0.8) / 2)
    assert figures["confusion"]["bot"] == {"regular": 0, "bot": 2, "influencer": 0, "fake": 1}


def test_a_group_of_one_class_has_no_areas_under_curves() -> None:
    figures = measure(np.array([sure(BOT)]), np.array([BOT]), 0.9)
    assert "auc" not in figures
    assert "roc_auc" not in figures
    assert figures["accused_humans"] is None


def test_a_group_of_two_classes_is_ranked_by_bot_and_fake_together() -> None:
    answers = np.array([[0.6, 0.2, 0.0, 0.2], [0.5, 0.0, 0.0, 0.5], [0.9, 0.1, 0.0, 0.0]])
    assert measure(answers, np.array([REGULAR, BOT, REGULAR]), 0.9)["auc"] == 1
    assert measure(answers, np.array([BOT, REGULAR, REGULAR]), 0.9)["auc"] == 0.5


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    answers = np.array([sure(BOT, 0.9)] * 10)
    labels = np.array([BOT] * 6 + [FAKE] * 4)
    assert calibration_error(answers, labels) == pytest.approx(0.3)


def test_reliability_pairs_confidence_with_accuracy_where_there_are_enough_accounts() -> None:
    surely, hardly = np.tile([0.91, 0.09, 0, 0], (30, 1)), np.tile([0.4, 0.3, 0.2, 0.1], (5, 1))
    labels = np.array([0] * 15 + [1] * 15 + [0] * 5)
    (only,) = reliability(np.concatenate([surely, hardly]), labels)
    assert only == {"confidence": pytest.approx(0.91), "accuracy": 0.5, "rows": 30}


def test_humans_are_accused_only_above_the_threshold() -> None:
    answers = np.array([sure(BOT, 0.95), sure(FAKE, 0.8), sure(REGULAR), sure(INFLUENCER), sure(BOT)])
    labels = np.array([REGULAR, REGULAR, REGULAR, INFLUENCER, BOT])
    assert accused_humans(answers, labels, 0.9) == 1 / 4
    assert accused_humans(answers, labels, 0.5) == 2 / 4


def test_coverage_keeps_the_surest() -> None:
    answers = np.array([sure(BOT, 0.9)] * 9 + [sure(BOT, 0.5)])
    labels = np.array([BOT] * 9 + [FAKE])
    assert accuracy_at(0.9, answers, labels) == 1
    assert accuracy_at(1.0, answers, labels) == 0.9


def test_prediction_sets_grow_until_they_hold_enough() -> None:
    sets = prediction_sets(np.array([[0.95, 0.05, 0, 0], [0.5, 0.3, 0.15, 0.05]]), np.array([BOT, INFLUENCER]), 0.9)
    assert sets["mean_size"] == (1 + 3) / 2
    assert sets["holds_truth"] == 0.5


def test_intervals_are_those_of_accounts_drawn_again() -> None:
    random = np.random.default_rng(1)
    answers, labels = random.dirichlet(np.full(4, 0.4), 400), random.integers(0, 4, 400)
    intervals = measure(answers, labels, 0.7)["intervals"]
    again = [measure_drawn(answers, labels, random.integers(0, 400, 400)) for _ in range(1000)]
    for name in ("accuracy", "macro_f1", "ece", "accused_humans"):
        expected = np.quantile([figures[name] for figures in again], (0.025, 0.975))
        assert intervals[name] == pytest.approx(expected, abs=0.012), name
    expected = np.quantile([figures["recall"] for figures in again], (0.025, 0.975))
    assert intervals["recall"]["bot"] == pytest.approx(expected, abs=0.012)


def measure_drawn(answers: np.ndarray, labels: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    answers, labels = answers[drawn], labels[drawn]
    accused = accused_humans(answers, labels, 0.7)
    assert accused is not None
    _, recall, f1 = class_figures(confusion_matrix(labels, answers.argmax(1)))
    return {
        "accuracy": accuracy_at(1, answers, labels),
        "macro_f1": float(f1.mean()),
        "ece": calibration_error(answers, labels),
        "recall": float(recall[BOT]),
        "accused_humans": accused,
    }


def test_a_group_without_humans_has_no_interval_of_the_accused() -> None:
    intervals = measure(np.array([sure(BOT), sure(REGULAR)]), np.array([BOT, BOT]), 0.9)["intervals"]
    assert intervals["accused_humans"] is None
    assert list(intervals["recall"]) == ["bot"]
