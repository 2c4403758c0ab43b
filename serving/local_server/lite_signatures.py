"""What a model.tflite calls its inputs and outputs.

The converter writes the signatures of a SavedModel in the format's own way. TensorFlow Serving reads SignatureDefs from
the file's metadata instead, and where there are none it makes one, `serving_default`, of the tensors and their names.
Source: tensorflow_serving/servables/tensorflow/tflite_session.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from contracts.serving_protos import SignatureDef
from serving.local_server.errors import InvalidArgument
from serving.local_server.signatures import DEFAULT_SIGNATURE

METADATA = "signature_defs_metadata"
"""The entry of the metadata that holds signature -> SignatureDef, as a FlexBuffer."""

Details = Mapping[str, Any]
"""How LiteRT describes a tensor: name, index, dtype, shape, shape_signature."""


def signature_runners(interpreter: Interpreter, content: bytes) -> dict[str, Any]:
    """Signature -> what runs it on NumPy arrays by alias: LiteRT's own runner, or one by names of tensors.

    `content` is the file. Raises InvalidArgument when its SignatureDefs name tensors that it lacks.
    """
    named = interpreter.get_signature_list()
    if named:
        return {name: interpreter.get_signature_runner(name) for name in named}
    interpreter.allocate_tensors()
    definitions = _definitions(content) or {DEFAULT_SIGNATURE: _of_all_tensors(interpreter)}
    return {name: TensorRunner(interpreter, definition) for name, definition in definitions.items()}


class TensorRunner:
    """Runs a model whose signature is a SignatureDef; has the methods of LiteRT's SignatureRunner that are used."""

    def __init__(self, interpreter: Interpreter, definition: SignatureDef) -> None:
        """The tensors must be allocated; raises InvalidArgument."""
        self._interpreter = interpreter
        self._inputs = _by_alias(interpreter.get_input_details(), definition.inputs, "input")
        self._outputs = _by_alias(interpreter.get_output_details(), definition.outputs, "output")
        self._shapes = {alias: tuple(map(int, detail["shape"])) for alias, detail in self._inputs.items()}

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Output alias -> value; raises ValueError and RuntimeError as LiteRT does."""
        for alias, value in inputs.items():
            if self._shapes[alias] != value.shape:
                self._interpreter.resize_tensor_input(self._inputs[alias]["index"], value.shape)
                self._shapes[alias] = value.shape
        self._interpreter.allocate_tensors()
        for alias, value in inputs.items():
            self._interpreter.set_tensor(self._inputs[alias]["index"], value)
        self._interpreter.invoke()
        return {alias: self._interpreter.get_tensor(detail["index"]) for alias, detail in self._outputs.items()}

    def get_input_details(self) -> dict[str, Details]:
        """By alias."""
        return dict(self._inputs)

    def get_output_details(self) -> dict[str, Details]:
        """By alias."""
        return dict(self._outputs)


def _by_alias(details: list[Details], wanted: Mapping[str, Any], kind: str) -> dict[str, Details]:
    tensors = {detail["name"]: detail for detail in details}
    found = {}
    for alias, info in wanted.items():
        detail = tensors.get(info.name) or tensors.get(_without_index(info.name))
        if detail is None:
            raise InvalidArgument(f"Signature {kind} {alias} references an unknown tensor: {info.name}")
        found[alias] = detail
    return found


def _of_all_tensors(interpreter: Interpreter) -> SignatureDef:
    definition = SignatureDef()
    for ends, details in (
        (definition.inputs, interpreter.get_input_details()),
        (definition.outputs, interpreter.get_output_details()),
    ):
        for detail in details:
            ends[_without_index(detail["name"])].name = detail["name"]
    return definition


def _definitions(content: bytes) -> dict[str, SignatureDef]:
    """What the metadata hold; empty where they hold none."""
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415 - large, and needed here alone.
    from flatbuffers import flexbuffers  # noqa: PLC0415 - as above.

    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() == METADATA.encode():
            stored = flexbuffers.GetRoot(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()).AsMap
            pairs = zip(stored.Keys, stored.Values, strict=True)
            return {key.AsKey: SignatureDef.FromString(bytes(value.AsStringBytes)) for key, value in pairs}
    return {}


def _without_index(name: str) -> str:
    return name.removesuffix(":0")
