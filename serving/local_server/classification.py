"""Signatures that classify: one input `inputs`, and `classes` (names), `scores` or both, one row per example. Pure.

Source: tensorflow_serving/servables/tensorflow/classifier.cc.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.serving_protos import ClassificationResult, DataType, SignatureDef
from serving.local_server.errors import FailedPrecondition, InvalidArgument
from serving.local_server.output_tensors import OutputTensor, shape_text

INPUTS, CLASSES, SCORES = "inputs", "classes", "scores"


def classification_ends(signature: SignatureDef) -> tuple[str, dict[str, str]]:
    """The graph's name of the input, and alias -> name of the outputs; raises InvalidArgument, FailedPrecondition."""
    if len(signature.inputs) != 1:
        raise InvalidArgument("Expected one input Tensor.")
    if len(signature.outputs) not in {1, 2}:
        raise InvalidArgument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if INPUTS not in signature.inputs:
        raise FailedPrecondition(f"No classification inputs found in SignatureDef: {signature}")
    outputs = {alias: signature.outputs[alias].name for alias in (CLASSES, SCORES) if alias in signature.outputs}
    if not outputs:
        raise FailedPrecondition(
            f'Expected classification signature outputs to contain at least one of "{CLASSES}" or "{SCORES}". '
            f"Signature was: {signature}"
        )
    return signature.inputs[INPUTS].name, outputs


def classification_result(outputs: Mapping[str, OutputTensor], examples: int) -> ClassificationResult:
    """`outputs` by alias; raises InvalidArgument when they are not a row for each example."""
    for alias, dtype in ((CLASSES, DataType.DT_STRING), (SCORES, DataType.DT_FLOAT)):
        if alias in outputs:
            _check(alias, outputs[alias], int(dtype), examples)
    columns = {alias: tensor.shape[1] for alias, tensor in outputs.items()}
    if len(set(columns.values())) > 1:
        raise InvalidArgument(
            f"Tensors class and score should match in dim_size(1). Got {columns[CLASSES]} vs. {columns[SCORES]}"
        )
    count = next(iter(columns.values()))
    labels = [name.decode("utf-8", "replace") for name in outputs[CLASSES].strings] if CLASSES in outputs else []
    scores = outputs[SCORES].values().tolist() if SCORES in outputs else []
    result = ClassificationResult()
    for row in range(examples):
        classifications = result.classifications.add()
        for at in range(row * count, (row + 1) * count):
            classifications.classes.add(label=labels[at] if labels else "", score=scores[at] if scores else 0.0)
    return result


def _check(alias: str, tensor: OutputTensor, dtype: int, examples: int) -> None:
    if len(tensor.shape) != 2:
        raise InvalidArgument(f"Expected Tensor shape: [batch_size num_classes] but got {shape_text(tensor.shape)}")
    if tensor.dtype != dtype:
        raise InvalidArgument(f"Expected {alias} Tensor of {DataType.Name(dtype)}. Got: {DataType.Name(tensor.dtype)}")
    if tensor.shape[0] != examples:
        raise InvalidArgument(f"Expected {alias} output batch size of {examples}. Got: {tensor.shape[0]}")
