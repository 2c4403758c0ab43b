"""What a signature accepts and gives: names in, tensors of the graph out. Pure; the texts are TensorFlow Serving's.

Source: tensorflow_serving/servables/tensorflow/predict_util.cc and tensorflow/cc/saved_model/util.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from contracts.serving_protos import SignatureDef, TensorProto
from serving.local_server.errors import FailedPrecondition, Internal, InvalidArgument

DEFAULT_SIGNATURE = "serving_default"

PREDICT, CLASSIFY, REGRESS = (f"tensorflow/serving/{method}" for method in ("predict", "classify", "regress"))
"""Method names of signatures."""


def find_signature(signatures: Mapping[str, SignatureDef], name: str) -> tuple[str, SignatureDef]:
    """The signature called `name`, or the default one for an empty name, and its name; raises FailedPrecondition."""
    name = name or DEFAULT_SIGNATURE
    signature = signatures.get(name)
    if signature is None:
        raise FailedPrecondition(f'Serving signature key "{name}" not found.')
    return name, signature


def check_predicts(signature: SignatureDef) -> None:
    """Where methods of signatures count: Predict runs those of all three; raises Internal for another method."""
    if signature.method_name not in {PREDICT, CLASSIFY, REGRESS}:
        raise Internal(
            f"Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, {REGRESS}}}. "
            f"Was: {signature.method_name}"
        )


def match_inputs(signature: SignatureDef, given: Mapping[str, TensorProto]) -> dict[str, TensorProto]:
    """Alias -> tensor for every input of the signature, defaults filled in; raises InvalidArgument."""
    wanted, defaults = signature.inputs, signature.defaults
    if len(given) > len(wanted) or (len(given) < len(wanted) and not defaults):
        raise InvalidArgument(
            f"input size does not match signature: {len(given)}!={len(wanted)} len({_names(given)}) != "
            f"len({_names(wanted)}). Sent extra: {_names(set(given) - set(wanted))}. "
            f"Missing but required: {_names(set(wanted) - set(given))}."
        )
    matched = {}
    for alias, info in wanted.items():
        if alias in given:
            matched[alias] = given[alias]
        elif alias in defaults:
            matched[alias] = defaults[alias]
        else:
            raise InvalidArgument(
                f"Signature input alias: {alias}(feed name: {info.name}) not found in request and no default value "
                f"provided. Inputs expected to be in the request {_names(given)}, or default input alias set: "
                f"{','.join(sorted(defaults))}"
            )
    used = sorted(set(given) & set(wanted))
    if len(used) != len(given):
        raise InvalidArgument(
            f"Inputs contains invalid name. Used request inputs: {','.join(used)}, "
            f"request input: {','.join(sorted(given))}"
        )
    return matched


def match_outputs(signature: SignatureDef, output_filter: Sequence[str]) -> dict[str, str]:
    """Alias -> tensor name of the outputs asked for, all of them without a filter; raises InvalidArgument."""
    outputs = signature.outputs
    if not output_filter:
        return {alias: info.name for alias, info in outputs.items()}
    matched: dict[str, str] = {}
    for alias in output_filter:
        if alias not in outputs:
            raise InvalidArgument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                f"{_names(outputs)}."
            )
        if alias in matched:
            raise InvalidArgument(f"duplicate output tensor alias: {alias}")
        matched[alias] = outputs[alias].name
    return matched


def _names(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
