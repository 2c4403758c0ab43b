"""Writes the SavedModels of these tests: `python -m tests.serving.saved_models DIR`, in a process of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf

from contracts.features import FEATURE_NAMES, SCHEMA_VERSION, F
from contracts.model import CLASSES, Description
from tests.serving.original_models import write_original

DTYPES = [
    *("float32", "float64", "float16", "bfloat16", "complex64", "complex128", "bool", "string"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
]
DESCRIPTION = Description(
    schema_version=SCHEMA_VERSION, feature_names=FEATURE_NAMES, classes=CLASSES, accusation_thresholds={"x": 0.9}
).to_json()


def write_half_plus(folder: Path, added: float) -> None:
    """A TF1 graph with variables: y = x / 2 + added."""
    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, [None, 1], name="x")
        y = tf.add(tf.multiply(v1.get_variable("a", initializer=0.5), x), v1.get_variable("b", initializer=added), "y")
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()


def write_old_control_flow(folder: Path) -> None:
    """A TF1 graph with a loop of TF1's own operations: y = x doubled three times."""
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        _, y = v1.while_loop(lambda at, _: at < 3, lambda at, value: (at + 1, value * 2), (0, x))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    v1.enable_control_flow_v2()


class Shapes(tf.Module):
    """TF2 functions: two inputs, outputs of unequal size, strings, a run that takes as long as it is told to."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "a"), tf.TensorSpec([None], tf.float32, "b")])
    def add(self, a: Any, b: Any) -> dict[str, Any]:
        return {"sum": a + b, "difference": a - b}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def uneven(self, x: Any) -> dict[str, Any]:
        return {"one": x, "two": tf.concat([x, x], 0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def total(self, x: Any) -> dict[str, Any]:
        return {"total": tf.reduce_sum(x)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, "x")])
    def any_shape(self, x: Any) -> dict[str, Any]:
        return {"y": x * 1.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def shout(self, text: Any) -> dict[str, Any]:
        return {"loud": tf.strings.upper(text), "loud_bytes": tf.strings.upper(text)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "steps")])
    def slow(self, steps: Any) -> dict[str, Any]:
        def multiply(at: Any, value: Any) -> tuple[Any, Any]:
            return at + 1, tf.linalg.matmul(value, value) / 128.0

        _, value = tf.while_loop(lambda at, _: at < steps[0], multiply, (0, tf.ones([128, 128])))
        return {"done": tf.fill(tf.shape(steps), value[0, 0])}


class Examples(tf.Module):
    """Signatures that read tf.Example: a feature `x` (float) and a default of 0; TF2, so their method is predict."""

    def _x(self, inputs: Any) -> Any:
        return tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32, 0.0)})["x"]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def regress(self, inputs: Any) -> dict[str, Any]:
        return {"outputs": self._x(inputs) / 2 + 2}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def classify(self, inputs: Any) -> dict[str, Any]:
        x = self._x(inputs)
        names = tf.tile([["half", "whole"]], [tf.shape(x)[0], 1])
        return {"scores": tf.concat([x / 2, x], 1), "classes": names}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def score(self, inputs: Any) -> dict[str, Any]:
        return {"scores": self._x(inputs)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def flat(self, inputs: Any) -> dict[str, Any]:
        return {"scores": self._x(inputs)[:, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def wide(self, inputs: Any) -> dict[str, Any]:
        return {"outputs": tf.tile(self._x(inputs), [1, 3])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "records")])
    def elsewhere(self, records: Any) -> dict[str, Any]:
        return {"outputs": self._x(records)}


def write_examples(folder: Path) -> None:
    """TF2's signatures, and a TF1 graph whose two signatures share their input, as MultiInference needs."""
    model = Examples()
    names = ["regress", "classify", "score", "flat", "wide", "elsewhere"]
    tf.saved_model.save(model, str(folder / "examples" / "1"), {name: getattr(model, name) for name in names})
    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as session:
        inputs = v1.placeholder(tf.string, [None], name="records")
        x = v1.io.parse_example(inputs, {"x": v1.io.FixedLenFeature([1], tf.float32)})["x"]
        utils = v1.saved_model.signature_def_utils
        signatures = {
            "serving_default": utils.regression_signature_def(inputs, tf.add(x / 2, 2.0, "y")),
            "regress_3": utils.regression_signature_def(inputs, tf.add(x / 2, 3.0, "y3")),
            "classify": utils.classification_signature_def(inputs, None, tf.concat([x, x * 2], 1, "scores")),
        }
        builder = v1.saved_model.Builder(str(folder / "shared" / "1"))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


class Echo(tf.Module):
    """One signature for each dtype: y is x."""


class Rollcall(tf.Module):
    """The three signatures of the product, with weights that say which version it is."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.weights = tf.Variable(tf.random.stateless_normal([F, 4], [1, 2]) / 8)
        self.bias = tf.Variable([bias, 0.0, 0.0, 0.0])

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, "features")])
    def predict(self, features: Any) -> dict[str, Any]:
        probabilities = tf.nn.softmax(features @ self.weights + self.bias)
        return {"probabilities": probabilities, "confidence": tf.reduce_max(probabilities, 1)}

    @tf.function(input_signature=[tf.TensorSpec([None, F], tf.float32, "features")])
    def explain(self, features: Any) -> dict[str, Any]:
        return self.predict(features) | {"contributions": features[:, :, None] * self.weights}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "rows")])
    def describe(self, rows: Any) -> dict[str, Any]:
        return {"description": tf.fill(tf.shape(rows), DESCRIPTION)}


class Lite(Shapes):
    """Some signatures of Shapes for LiteRT; `any_shape` doubles, so that it shows who answered."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def any_shape(self, x: Any) -> dict[str, Any]:
        return {"y": x * 2.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "rows")])
    def describe(self, rows: Any) -> dict[str, Any]:
        return {"description": tf.fill(tf.shape(rows), "of LiteRT")}


def write_lite(folder: Path) -> None:
    """The SavedModel of Shapes with a model.tflite beside it."""
    shapes, lite, draft = Shapes(), Lite(), folder / "draft"
    tf.saved_model.save(shapes, str(folder / "1"), {"shout": shapes.shout, "any_shape": shapes.any_shape})
    names = ["add", "any_shape", "describe"]
    tf.saved_model.save(lite, str(draft), {name: getattr(lite, name) for name in names})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(draft), signature_keys=names)
    (folder / "1" / "model.tflite").write_bytes(converter.convert())
    shutil.rmtree(draft)


def write_all(folder: Path) -> None:
    """Everything, one folder for each model, versions below."""
    for version, added in ((1, 2.0), (2, 3.0), (3, 4.0)):
        write_half_plus(folder / "half_plus_two" / str(version), added)
    write_old_control_flow(folder / "old_loop" / "1")
    shapes = Shapes()
    names = ["add", "uneven", "total", "any_shape", "shout", "slow"]
    signatures = {name: getattr(shapes, name) for name in names} | {"serving_default": shapes.add}
    tf.saved_model.save(shapes, str(folder / "shapes" / "1"), signatures)
    write_lite(folder / "lite")
    write_examples(folder)
    write_original(folder / "original")
    echo = Echo()
    for name in DTYPES:
        spec = tf.TensorSpec(None, name, "x")
        setattr(echo, name, tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[spec]))
    tf.saved_model.save(echo, str(folder / "echo" / "1"), {name: getattr(echo, name) for name in DTYPES})
    for version in (1, 2):
        model = Rollcall(float(version))
        signatures = {"serving_default": model.predict, "explain": model.explain, "describe": model.describe}
        tf.saved_model.save(model, str(folder / "rollcall" / str(version)), signatures)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
