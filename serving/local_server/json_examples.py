"""JSON of the REST calls classify and regress: `context` and `examples` in, `results` out.

A feature's kind follows from its JSON: whole numbers and truth values are int64, other numbers float, strings bytes.
Source: tensorflow_serving/util/json_tensor.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.serving_protos import ClassificationResult, Example, Input, RegressionResult
from serving.local_server.errors import InvalidArgument
from serving.local_server.json_reader import debug_text
from serving.local_server.json_types import to_float
from serving.local_server.json_values import decode_base64, is_base64, type_name, valid_name
from serving.local_server.json_writer import quote, write_floats

_INT64, _UINT64 = range(-(2**63), 2**63), range(2**64)
_KINDS = {"int64_list": "int64", "float_list": "float", "bytes_list": "bytes"}
"""Field of a Feature -> what messages call it."""


def read_examples(document: Mapping[str, Any]) -> Input:
    """The examples of a request; raises InvalidArgument."""
    given = Input()
    has_context = "context" in document
    if has_context:
        given.example_list_with_context.context.CopyFrom(_example(document["context"]))
    examples = document.get("examples")
    wrong = None
    if "examples" not in document:
        # The original names classify whichever of the two was called.
        wrong = "When method is classify, key 'examples' is expected and was not found"
    elif not isinstance(examples, list):
        wrong = "Expecting 'examples' value to be an list/array"
    elif not examples:
        wrong = "'examples' value is an empty array"
    if wrong:
        raise InvalidArgument(f"JSON Value: {debug_text(document)} {wrong}")
    target = given.example_list_with_context if has_context else given.example_list
    target.examples.extend(map(_example, document["examples"]))
    return given


def write_classifications(result: ClassificationResult) -> str:
    """`{"results": [[["label", score], ...], ...]}`."""
    rows = []
    for classifications in result.classifications:
        scores = write_floats([each.score for each in classifications.classes], np.float32)
        pairs = zip(classifications.classes, scores, strict=True)
        rows.append("[" + ", ".join(f"[{quote(each.label)}, {score}]" for each, score in pairs) + "]")
    return f'{{\n    "results": [{", ".join(rows)}\n    ]\n}}'


def write_regressions(result: RegressionResult) -> str:
    """`{"results": [value, ...]}`."""
    values = write_floats([each.value for each in result.regressions], np.float32)
    return f'{{\n    "results": [{", ".join(values)}]\n}}'


def _example(value: Any) -> Example:
    if not isinstance(value, dict):
        raise InvalidArgument(f"Example must be JSON object but got JSON {type_name(value)}")
    example = Example()
    for name, given in value.items():
        feature = example.features.feature[valid_name(name)]
        for each in given if isinstance(given, list) else [given]:
            _add(feature, name, each)
    return example


def _add(feature: Any, name: str, value: Any) -> None:
    """One element, in the original's order: its kind against that of those before it, then its value."""
    kind = _kind(name, value)
    before = feature.WhichOneof("kind")
    if before not in {None, kind}:
        raise InvalidArgument(f"Unexpected element type in feature: {name} expecting type: {_KINDS[before]}")
    if kind == "int64_list":
        if value not in _INT64:
            raise InvalidArgument(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        feature.int64_list.value.append(int(value))
    elif kind == "float_list":
        feature.float_list.value.append(to_float(value))
    elif isinstance(value, str):
        feature.bytes_list.value.append(value.encode("utf-8", "surrogateescape"))
    else:
        feature.bytes_list.value.append(decode_base64(value["b64"]))


def _kind(name: str, value: Any) -> str:
    if isinstance(value, float):
        return "float_list"
    if isinstance(value, int):  # A larger one is no integer to RapidJSON.
        return "int64_list" if value in _INT64 or value in _UINT64 else "float_list"
    if isinstance(value, str) or is_base64(value):
        return "bytes_list"
    raise InvalidArgument(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")
