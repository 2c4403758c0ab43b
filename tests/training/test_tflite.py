"""The model for LiteRT stands beside the SavedModel only when it answers alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from contracts.features import F
from training.tflite import LITE_MODEL, largest_allowed, write_lite

ROWS = np.random.default_rng(0).random((8, F)).astype(np.float32)


class Small(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, "features")])
    def predict(self, features: Any) -> dict[str, Any]:
        probabilities = tf.nn.softmax(features[:, :4])
        return {"probabilities": probabilities, "confidence": tf.reduce_max(probabilities, 1)}


@pytest.fixture
def version(tmp_path: Path) -> Path:
    small = Small()
    tf.saved_model.save(small, str(tmp_path / "1"), {"serving_default": small.predict})
    return tmp_path / "1"


def test_lite_model_answers_as_the_saved_model(version: Path) -> None:
    assert write_lite(version, ROWS).startswith("model.tflite written, equal to the SavedModel within ")
    runner = Interpreter(str(version / LITE_MODEL)).get_signature_runner("serving_default")
    exact = np.exp(ROWS[:, :4]) / np.exp(ROWS[:, :4]).sum(1, keepdims=True)
    np.testing.assert_allclose(runner(features=ROWS)["probabilities"], exact, atol=1e-6)


def test_tensors_are_called_as_the_signature_calls_them(version: Path) -> None:
    # TensorFlow Serving knows the signature by the tensors' own names.
    write_lite(version, ROWS)
    model = Interpreter(str(version / LITE_MODEL))
    assert [each["name"] for each in model.get_input_details()] == ["features"]
    assert {each["name"] for each in model.get_output_details()} == {"probabilities", "confidence"}


def test_lite_model_that_differs_is_left_out(version: Path) -> None:
    assert "left out: it differs by" in write_lite(version, ROWS, lambda _: -1.0)
    assert not (version / LITE_MODEL).exists()


def test_models_may_differ_by_1e_6_or_as_the_saved_model_from_itself() -> None:
    assert largest_allowed(0.0) == 1e-6
    assert largest_allowed(2.5e-6) == pytest.approx(1e-5)
