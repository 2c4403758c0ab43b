"""Signatures that regress: one input `inputs` and one output `outputs`, a number for each example. Pure.

Source: tensorflow_serving/servables/tensorflow/regressor.cc.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.serving_protos import DataType, RegressionResult, SignatureDef
from serving.local_server.errors import FailedPrecondition, InvalidArgument
from serving.local_server.output_tensors import OutputTensor, shape_text

INPUTS, OUTPUTS = "inputs", "outputs"


def regression_ends(signature: SignatureDef) -> tuple[str, dict[str, str]]:
    """The graph's name of the input, and alias -> name of the output; raises InvalidArgument, FailedPrecondition."""
    if len(signature.inputs) != 1:
        raise InvalidArgument("Expected one input Tensor.")
    if len(signature.outputs) != 1:
        raise InvalidArgument("Expected one output Tensor.")
    if INPUTS not in signature.inputs:
        raise FailedPrecondition(f"No regression inputs found in SignatureDef: {signature}")
    if OUTPUTS not in signature.outputs:
        raise FailedPrecondition(f"No regression outputs found in SignatureDef: {signature}")
    return signature.inputs[INPUTS].name, {OUTPUTS: signature.outputs[OUTPUTS].name}


def regression_result(outputs: Mapping[str, OutputTensor], examples: int) -> RegressionResult:
    """`outputs` by alias; raises InvalidArgument when it is not float32[examples] or float32[examples, 1]."""
    tensor = outputs[OUTPUTS]
    if len(tensor.shape) != 1 and (len(tensor.shape) != 2 or tensor.shape[1] != 1):
        raise InvalidArgument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {shape_text(tensor.shape)}"
        )
    if tensor.shape[0] != examples:
        raise InvalidArgument(f"Input batch size did not match output batch size: {examples} vs. {tensor.shape[0]}")
    if tensor.dtype != DataType.DT_FLOAT:
        raise InvalidArgument(f"Expected output Tensor of DT_FLOAT.  Got: {DataType.Name(tensor.dtype)}")
    result = RegressionResult()
    for value in tensor.values().tolist():
        result.regressions.add(value=value)
    return result
