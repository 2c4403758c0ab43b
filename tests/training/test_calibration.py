"""Calibration repairs what is wrong with probabilities and leaves the rest."""

from __future__ import annotations

import numpy as np

from training.calibration import calibrate, softmax
from training.measures import calibration_error


def drawn(sharpness: float, rows: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits `sharpness` times as large as those by which the labels were drawn."""
    random = np.random.default_rng(3)
    logits = random.normal(0, 2, (rows, 4))
    labels = np.array([random.choice(4, p=row) for row in softmax(logits)])
    return logits * sharpness, labels


def test_overconfident_logits_are_softened() -> None:
    logits, labels = drawn(3)
    calibration = calibrate(logits, labels, np.ones(len(labels)))
    assert abs(calibration.sharpness - 1 / 3) < 0.03
    assert calibration_error(softmax(logits), labels) > 0.1
    assert calibration_error(calibration.apply(logits), labels) < 0.02


def test_shifted_class_shares_are_corrected() -> None:
    logits, labels = drawn(1)
    calibration = calibrate(logits + np.array([2.0, 0, 0, 0]), labels, np.ones(len(labels)))
    assert np.abs(calibration.offsets - np.array([-1.5, 0.5, 0.5, 0.5])).max() < 0.15


def test_weights_say_under_which_shares_the_probabilities_hold() -> None:
    logits, labels = drawn(1)
    weights = np.where(labels == 0, 4.0, 1.0)
    calibration = calibrate(logits, labels, weights / weights.mean())
    assert calibration.offsets[0] == max(calibration.offsets)
    assert calibration.offsets[0] > 0.5
