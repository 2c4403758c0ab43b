"""Models as TensorFlow Serving's own integration test has them: the same names, signatures and numbers, built anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flatbuffers
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

VERSION = "00000123"
"""The folder of every version there."""

SIGNATURES_IN_METADATA = b"signature_defs_metadata"

v1 = tf.compat.v1


def _tensor_info(tensor: Any) -> Any:
    return v1.saved_model.build_tensor_info(tensor)


def _signature(inputs: dict[str, Any], outputs: dict[str, Any], method: str) -> Any:
    return v1.saved_model.build_signature_def(
        {alias: _tensor_info(tensor) for alias, tensor in inputs.items()},
        {alias: _tensor_info(tensor) for alias, tensor in outputs.items()},
        f"tensorflow/serving/{method}",
    )


def write_half_plus_two(folder: Path) -> None:
    """A TF1 graph: y = x / 2 + 2 and y2 = x / 2 + 3 of an Example's or a fed `x`, y3 = x2 / 2 + 3."""
    with v1.Session(graph=tf.Graph()) as session:
        examples = v1.placeholder(tf.string, [None], name="tf_example")
        features = {
            "x": v1.FixedLenFeature([1], tf.float32),
            "x2": v1.FixedLenFeature([1], tf.float32, default_value=[0.0]),
        }
        parsed = v1.parse_example(examples, features)
        half, two, three = v1.Variable(0.5), v1.Variable(2.0), v1.Variable(3.0)
        x, x2 = tf.identity(parsed["x"], name="x"), tf.identity(parsed["x2"], name="x2")
        y = tf.add(half * x, two, name="y")
        y2 = tf.add(half * x, three, name="y2")
        y3 = tf.add(half * x2, three, name="y3")
        session.run(v1.global_variables_initializer())
        signatures = {
            "serving_default": _signature({"x": x}, {"y": y}, "predict"),
            "classify_x_to_y": _signature({"inputs": examples}, {"scores": y}, "classify"),
            "regress_x_to_y": _signature({"inputs": examples}, {"outputs": y}, "regress"),
            "regress_x_to_y2": _signature({"inputs": examples}, {"outputs": y2}, "regress"),
            "regress_x2_to_y3": _signature({"inputs": x2}, {"outputs": y3}, "regress"),
        }
        builder = v1.saved_model.Builder(str(folder / VERSION))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


def write_half_plus_three(folder: Path) -> None:
    """A TF1 graph: y = x / 2 + 3."""
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, [None, 1], name="x")
        y = tf.add(v1.Variable(0.5) * x, v1.Variable(3.0), name="y")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(folder / VERSION))
        signatures = {"serving_default": _signature({"x": x}, {"y": y}, "predict")}
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


def write_counter(folder: Path) -> None:
    """A TF1 variable, of the kind that is a reference, and signatures that mostly take no input."""
    with v1.Session(graph=tf.Graph()) as session:
        counter = v1.Variable(0.0, name="counter", use_resource=False)
        delta = v1.placeholder(tf.float32, [], name="delta")
        session.run(v1.global_variables_initializer())
        signatures = {
            "get_counter": _signature({}, {"output": counter}, "predict"),
            "incr_counter": _signature({}, {"output": v1.assign_add(counter, 1.0)}, "predict"),
            "incr_counter_by": _signature({"delta": delta}, {"output": v1.assign_add(counter, delta)}, "predict"),
            "reset_counter": _signature({}, {"output": v1.assign(counter, 0.0)}, "predict"),
        }
        builder = v1.saved_model.Builder(str(folder / VERSION))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


class HalfPlusTwo(tf.Module):
    """The same as TF2 functions, whose signatures all say that their method is predict."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = tf.Variable(0.5), tf.Variable(2.0)

    def _of_examples(self, examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})
        return self.a * parsed["x"] + self.b

    @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32, "x")])
    def predict(self, x: Any) -> dict[str, Any]:
        return {"y": self.a * x + self.b}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def classify(self, inputs: Any) -> dict[str, Any]:
        return {"scores": self._of_examples(inputs)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def regress(self, inputs: Any) -> dict[str, Any]:
        return {"outputs": self._of_examples(inputs)}


class Scaled(tf.Module):
    """Two variables and an input of any shape."""

    def __init__(self) -> None:
        super().__init__()
        self.v1, self.v2 = tf.Variable(3.0), tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, "x")])
    def scale(self, x: Any) -> dict[str, Any]:
        return {"y": self.v1 * self.v2 * x}


class Constants(tf.Module):
    """Two signatures that never look at their input."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, "x")])
    def one(self, x: Any) -> dict[str, Any]:
        return {"y": tf.constant(1.0)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, "x")])
    def two(self, x: Any) -> dict[str, Any]:
        return {"y": tf.constant(2.0)}


def write_lite(folder: Path, *, input_name: str, with_signature: bool) -> None:
    """y = x / 2 + 2 of a [1, 1] for LiteRT, without the format's signatures, but perhaps with one in the metadata."""
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, [1, 1], name=input_name)
        y = tf.add(0.5 * x, 2.0, name="y")
        content = v1.lite.TFLiteConverter.from_session(session, [x], [y]).convert()
        signature = _signature({"x": x}, {"y": y}, "predict")
    if with_signature:
        content = with_metadata(content, {"serving_default": signature})
    (folder / VERSION).mkdir(parents=True)
    (folder / VERSION / "model.tflite").write_bytes(content)


def with_metadata(content: bytes, signatures: dict[str, Any]) -> bytes:
    """The model with its SignatureDefs where TensorFlow Serving looks for them."""
    packer = flexbuffers.Builder()
    with packer.Map():
        for name, signature in signatures.items():
            packer.String(name, signature.SerializeToString().decode("ascii"))
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    buffer = schema.BufferT()
    buffer.data = list(packer.Finish())
    entry = schema.MetadataT()
    entry.name, entry.buffer = SIGNATURES_IN_METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def write_original(folder: Path) -> None:
    """All of them, one folder for each."""
    write_half_plus_two(folder / "half_plus_two")
    write_half_plus_three(folder / "half_plus_three")
    write_counter(folder / "counter")
    tf2, scaled, constants = HalfPlusTwo(), Scaled(), Constants()
    signatures = {"serving_default": tf2.predict, "classify_x_to_y": tf2.classify, "regress_x_to_y": tf2.regress}
    tf.saved_model.save(tf2, str(folder / "half_plus_two_tf2" / VERSION), signatures)
    tf.saved_model.save(scaled, str(folder / "scaled" / VERSION), scaled.scale)
    signatures = {"serving_default": constants.one, "custom_signature_key": constants.two}
    tf.saved_model.save(constants, str(folder / "constants" / VERSION), signatures)
    write_lite(folder / "lite", input_name="x", with_signature=False)
    write_lite(folder / "lite_with_signature", input_name="tflite_input", with_signature=True)
