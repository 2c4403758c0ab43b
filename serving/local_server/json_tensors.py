"""JSON values -> input tensors, in rows (`instances`) or columns (`inputs`), with TensorFlow Serving's refusals.

Source: tensorflow_serving/util/json_tensor.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from contracts.serving_protos import DataType, SignatureDef, TensorProto
from serving.local_server.errors import InvalidArgument, StatusError, Unimplemented
from serving.local_server.json_reader import debug_text
from serving.local_server.json_types import KINDS
from serving.local_server.json_values import decode_base64, is_base64, type_name

ROWS, COLUMNS = "instances", "inputs"


def read_inputs(document: Mapping[str, Any], signature: SignatureDef) -> tuple[str, dict[str, TensorProto]]:
    """Whether the request came in ROWS or COLUMNS, and alias -> tensor; raises StatusError."""
    if ROWS in document and COLUMNS in document:
        raise InvalidArgument(
            f"JSON Value: {debug_text(document)} Not formatted correctly expecting only one of 'inputs' or "
            "'instances' keys to exist "
        )
    dtypes = {alias: info.dtype for alias, info in signature.inputs.items()}
    if ROWS in document:
        instances = document[ROWS]
        if not isinstance(instances, list):
            raise InvalidArgument(f"JSON Value: {debug_text(document)} Expecting 'instances' to be an list/array")
        if not instances:
            raise InvalidArgument(f"JSON Value: {debug_text(document)} No values in 'instances' array")
        return ROWS, _read_rows(instances, dtypes)
    if COLUMNS in document:
        return COLUMNS, _read_columns(document[COLUMNS], dtypes)
    raise InvalidArgument("Missing 'inputs' or 'instances' key")


def _read_columns(value: Any, dtypes: Mapping[str, int]) -> dict[str, TensorProto]:
    if isinstance(value, dict) and not is_base64(value):
        for alias in dtypes:
            if alias not in value:
                raise InvalidArgument(f"Missing named input: {alias} in 'inputs' object.")
        return {alias: _Tensor(dtype).add(value[alias]).to_proto() for alias, dtype in dtypes.items()}
    if len(dtypes) > 1:
        raise InvalidArgument(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map"
        )
    alias, dtype = next(iter(dtypes.items()))
    return {alias: _Tensor(dtype).add(value).to_proto()}


def _read_rows(instances: list[Any], dtypes: Mapping[str, int]) -> dict[str, TensorProto]:
    if not isinstance(instances[0], dict) and len(dtypes) > 1:
        raise InvalidArgument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    tensors = {alias: _Tensor(dtype) for alias, dtype in dtypes.items()}
    named = _is_named(instances[0])
    for item, element in enumerate(instances):
        if _is_named(element) != named:
            wrong = "Expecting object but got list" if named else "Expecting value/list but got object"
            raise InvalidArgument(f"{wrong} at item {item} of input list")
        if not named:
            _add_row(next(iter(tensors.values())), element, f"element: {item} of")
            continue
        for key, value in element.items():
            where = f"element: {item} key: {key} of"
            if key not in tensors:
                raise InvalidArgument(
                    f"Failed to process {where} 'instances' list. "
                    f"Error: INVALID_ARGUMENT: JSON object: does not have named input: {key}"
                )
            _add_row(tensors[key], value, where)
        if len(element) != len(dtypes):
            raise InvalidArgument(
                f"Failed to process element: {item} of 'instances' list. JSON object: {debug_text(element)} "
                f"keys must be equal to: {','.join(sorted(dtypes))}"
            )
    return {alias: tensor.to_proto(rows=len(instances)) for alias, tensor in tensors.items()}


def _add_row(tensor: _Tensor, value: Any, where: str) -> None:
    try:
        tensor.add(value)
    except StatusError as error:
        raise InvalidArgument(f"Failed to process {where} 'instances' list. Error: {error}") from error


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


class _Tensor:
    """Collects the elements of one input; every `add` must have the shape of the first."""

    def __init__(self, dtype: int) -> None:
        self._dtype = dtype
        self._elements: list[Any] = []
        self._shape: list[int] | None = None
        self._size = 0

    def add(self, value: Any) -> _Tensor:
        """One row, or the whole tensor; raises InvalidArgument or Unimplemented."""
        shape = _shape_of(value)
        flat = _flatten(value, shape)
        if flat is None or not _all_of(self._dtype, flat):
            flat = []
            self._walk(value, shape, 0, flat)
        if self._shape is None:
            self._shape, self._size = shape, len(flat)
        elif len(flat) != self._size:
            raise InvalidArgument(f"Expecting tensor size: {self._size} but got: {len(flat)}")
        elif shape != self._shape:
            raise InvalidArgument(f"Expecting shape {_show(self._shape)} but got: {_show(shape)}")
        self._elements += flat
        return self

    def to_proto(self, rows: int | None = None) -> TensorProto:
        """The tensor, with the number of rows in front of the shape of each."""
        proto = TensorProto(dtype=self._dtype)
        proto.tensor_shape.SetInParent()
        for size in ([] if rows is None else [rows]) + (self._shape or []):
            proto.tensor_shape.dim.add(size=size)
        if self._elements:
            KINDS[self._dtype].store(proto, self._elements)
        return proto

    def _walk(self, value: Any, shape: list[int], level: int, flat: list[Any]) -> None:
        """Element by element: finds what is wrong, in the original's order, or decodes base64 on the way."""
        if not isinstance(value, list):
            if level != len(shape):
                raise InvalidArgument(
                    f"JSON Value: {debug_text(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {len(shape)}"
                )
            flat.append(self._read_element(value))
            return
        if level >= len(shape):
            raise InvalidArgument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
        if len(value) != shape[level]:
            raise InvalidArgument(
                f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
            )
        for each in value:
            self._walk(each, shape, level + 1, flat)

    def _read_element(self, value: Any) -> Any:
        name = DataType.Name(self._dtype).removeprefix("DT_").lower()
        if isinstance(value, dict):
            if self._dtype != DataType.DT_STRING:
                raise _type_error(value, name)
            if not is_base64(value):
                raise InvalidArgument(f"JSON Value: {debug_text(value)} not formatted correctly for base64 data")
            return decode_base64(value["b64"])
        kind = KINDS.get(self._dtype)
        if kind is None:
            raise Unimplemented(f"Conversion of JSON Value: {debug_text(value)} to type: {name}")
        if not kind.accepts([value]):
            raise _type_error(value, name)
        return value


def _type_error(value: Any, name: str) -> InvalidArgument:
    return InvalidArgument(f"JSON Value: {debug_text(value)} Type: {type_name(value)} is not of expected type: {name}")


def _shape_of(value: Any) -> list[int]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _flatten(value: Any, shape: list[int]) -> list[Any] | None:
    """All elements where every list has the size that `shape` says, else None."""
    level = [value]
    for size in shape:
        if set(map(type, level)) != {list} or set(map(len, level)) != {size}:
            return None
        level = list(chain.from_iterable(level))
        if not level:
            break
    return level


def _show(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _all_of(dtype: int, flat: list[Any]) -> bool:
    kind = KINDS.get(dtype)
    return kind is not None and kind.accepts(flat)
