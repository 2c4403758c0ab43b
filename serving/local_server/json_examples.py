"""JSON of the REST calls classify and regress: `context` and `examples` in, `results` out.

A feature's kind follows from its JSON: whole numbers and truth values are int64, other numbers float, strings bytes.
Source: tensorflow_serving/util/json_tensor.cc.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.serving_protos import ClassificationResult, Example, Input, RegressionResult
from serving.local_server.errors import InvalidArgument
from serving.local_server.json_reader import debug_text
from serving.local_server.json_writer import quote, write_floats

_INT64 = range(-(2**63), 2**63)
_LISTS = {"int64": "int64_list", "float": "float_list", "string": "bytes_list"}


def read_examples(document: Mapping[str, Any]) -> Input:
    """The examples of a request; raises InvalidArgument."""
    given = Input()
    context = document.get("context")
    if context is not None:
        given.example_list_with_context.context.CopyFrom(_example(context))
    examples = document.get("examples")
    if "examples" not in document:
        # The original names classify whichever of the two was called.
        raise InvalidArgument("When method is classify, key 'examples' is expected and was not found")
    if not isinstance(examples, list):
        raise InvalidArgument(f"Example list must be JSON array but got {_type_name(examples)}: {debug_text(examples)}")
    if not examples:
        raise InvalidArgument("Examples list is empty")
    target = given.example_list if context is None else given.example_list_with_context
    target.examples.extend(_example(example) for example in examples)
    return given


def write_classifications(result: ClassificationResult) -> str:
    """`{"results": [[["label", score], ...], ...]}`."""
    rows = []
    for classifications in result.classifications:
        scores = write_floats([each.score for each in classifications.classes], np.float32)
        pairs = zip(classifications.classes, scores, strict=True)
        rows.append("[" + ", ".join(f"[{quote(each.label)}, {score}]" for each, score in pairs) + "]")
    return _results(rows)


def write_regressions(result: RegressionResult) -> str:
    """`{"results": [value, ...]}`."""
    return _results(write_floats([each.value for each in result.regressions], np.float32))


def _results(rows: list[str]) -> str:
    body = ",\n".join(f"        {row}" for row in rows)
    return f'{{\n    "results": [\n{body}\n    ]\n}}'


def _example(value: Any) -> Example:
    if not isinstance(value, dict):
        raise InvalidArgument(f"Example must be JSON object but got JSON {_type_name(value)}")
    example = Example()
    for name, given in value.items():
        feature = example.features.feature[name]
        values = given if isinstance(given, list) else [given]
        kinds = [_kind(name, each) for each in values]
        for each, kind in zip(values, kinds, strict=True):
            if kind != kinds[0]:
                raise InvalidArgument(f"Unexpected element type in feature: {name} expecting type: {kinds[0]}")
            getattr(feature, _LISTS[kind]).value.append(_bytes(name, each) if kind == "string" else each)
    return example


def _kind(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "int64"
    if isinstance(value, int):
        if value not in _INT64:
            raise InvalidArgument(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        return "int64"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str) or (isinstance(value, dict) and set(value) == {"b64"}):
        return "string"
    raise InvalidArgument(f"Feature: {name} has element with unexpected JSON type: {_type_name(value)}")


def _bytes(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgument(f"Feature: {name} Unable to base64 decode") from error


def _type_name(value: Any) -> str:
    if value is None:
        return "Null"
    names = {bool: "Bool", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
    return names[type(value)]
