"""Writes answers as RapidJSON's pretty writer and TensorFlow Serving's number format do.

A float is written with six digits where that reads back as the same float, else with 9 (float32) or 17 (float64), and
always looks like a float: 0.2, 9e+06, 1.0. Python's own writer would print float32 0.2 as 0.20000000298023224.
Source: tensorflow_serving/util/json_tensor.cc.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.errors import InvalidArgument

_INTEGERS = {
    DataType.DT_INT32: "int_val",
    DataType.DT_INT16: "int_val",
    DataType.DT_INT8: "int_val",
    DataType.DT_UINT8: "int_val",
    DataType.DT_INT64: "int64_val",
    DataType.DT_UINT32: "uint32_val",
    DataType.DT_UINT64: "uint64_val",
}


def write_rows(outputs: Mapping[str, TensorProto]) -> str:
    """`{"predictions": [...]}`: bare values for one output, else one object per row; raises InvalidArgument."""
    batch: int | None = None
    for name, tensor in outputs.items():
        if not tensor.tensor_shape.dim:
            raise InvalidArgument(f"Tensor name: {name} has no shape information ")
        size = tensor.tensor_shape.dim[0].size
        if batch is not None and size != batch:
            raise InvalidArgument(f"Tensor name: {name} has inconsistent batch size: {size} expecting: {batch}")
        batch = size
    columns = {name: _rows_of(name, tensor) for name, tensor in outputs.items()}
    if not batch:
        return '{\n    "predictions": []\n}'
    if len(columns) == 1:
        rows = ", ".join(next(iter(columns.values())))
        return f'{{\n    "predictions": [{rows}\n    ]\n}}'
    objects = []
    for row in range(batch):
        members = ",\n".join(f"            {quote(name)}: {column[row]}" for name, column in columns.items())
        objects.append(f"\n        {{\n{members}\n        }}")
    return f'{{\n    "predictions": [{",".join(objects)}\n    ]\n}}'


def write_columns(outputs: Mapping[str, TensorProto]) -> str:
    """`{"outputs": ...}`: one bare value or list for one output, else an object by name; raises InvalidArgument."""
    if len(outputs) == 1:
        name, tensor = next(iter(outputs.items()))
        return f'{{\n    "outputs": {_indented(_texts(name, tensor), _shape(tensor), 1)}\n}}'
    members = ",\n".join(
        f"        {quote(name)}: {_indented(_texts(name, tensor), _shape(tensor), 2)}"
        for name, tensor in outputs.items()
    )
    return f'{{\n    "outputs": {{\n{members}\n    }}\n}}'


def write_error(message: str) -> str:
    """`{"error": "..."}`."""
    return f'{{\n    "error": {quote(message)}\n}}'


def quote(text: str) -> str:
    """A JSON string; only quotes, backslashes and control characters are escaped."""
    return json.dumps(text, ensure_ascii=False)


def write_floats(values: Sequence[float], dtype: type[np.floating[Any]]) -> list[str]:
    """Each number in TensorFlow Serving's format; `values` are exact values of `dtype`."""
    short = [f"{value:g}" for value in values]
    exact: NDArray[np.bool_] = np.array(short, np.float64).astype(dtype) == np.array(values, dtype)
    digits = 9 if dtype is np.float32 else 17
    return [
        _as_float(text if same else f"{value:.{digits}g}")
        if math.isfinite(value)
        else ("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")
        for value, text, same in zip(values, short, exact.tolist(), strict=True)
    ]


def _as_float(text: str) -> str:
    return text if "." in text or "e" in text else text + ".0"


def _shape(tensor: TensorProto) -> list[int]:
    return [dimension.size for dimension in tensor.tensor_shape.dim]


def _texts(name: str, tensor: TensorProto) -> list[str]:
    """Every element as JSON, in row order."""
    dtype = tensor.dtype
    if dtype == DataType.DT_FLOAT:
        return write_floats(tensor.float_val, np.float32)
    if dtype == DataType.DT_DOUBLE:
        return write_floats(tensor.double_val, np.float64)
    if dtype == DataType.DT_HALF:
        halves = np.array(tensor.half_val, np.uint16).view(np.float16).astype(np.float32)
        return write_floats(halves.tolist(), np.float32)
    if dtype == DataType.DT_BOOL:
        return ["true" if value else "false" for value in tensor.bool_val]
    if dtype == DataType.DT_STRING:
        write: Callable[[bytes], str] = _base64_object if name.endswith("_bytes") else _quote_bytes
        return [write(value) for value in tensor.string_val]
    if dtype in _INTEGERS:
        return [str(value) for value in getattr(tensor, _INTEGERS[dtype])]
    raise InvalidArgument(
        f"Failed to write JSON value for tensor type: {DataType.Name(dtype).removeprefix('DT_').lower()}"
    )


def _quote_bytes(value: bytes) -> str:
    return quote(value.decode("utf-8", "surrogateescape"))


def _base64_object(value: bytes) -> str:
    return f'{{"b64": "{base64.b64encode(value).decode()}"}}'


def _rows_of(name: str, tensor: TensorProto) -> list[str]:
    """The JSON of each row, its lists on one line."""
    texts, (batch, *shape) = _texts(name, tensor), _shape(tensor)
    for axis in reversed(range(len(shape))):
        size, count = shape[axis], math.prod([batch, *shape[:axis]])
        texts = [f"[{', '.join(texts[start * size : (start + 1) * size])}]" for start in range(count)]
    return texts


def _indented(texts: list[str], shape: Sequence[int], level: int) -> str:
    """Nested lists, one element a line, indented by `level` times four blanks."""
    if not shape:
        return texts[0]
    if not shape[0]:
        return "[]"
    step = len(texts) // shape[0]
    blanks = "    " * (level + 1)
    elements = [_indented(texts[at * step : (at + 1) * step], shape[1:], level + 1) for at in range(shape[0])]
    return "[\n" + ",\n".join(blanks + element for element in elements) + "\n" + "    " * level + "]"
