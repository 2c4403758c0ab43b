"""Which JSON values each dtype takes, and how they are stored in a TensorProto.

Floating-point types take any number, integer types whole numbers in their range, the others one JSON type alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from contracts.serving_protos import DataType, TensorProto
from serving.local_server.errors import InvalidArgument


class Kind:
    """What JSON values one dtype takes and how they are stored."""

    def __init__(self, types: set[type], store: Callable[[TensorProto, list[Any]], None], whole: range | None = None):
        self._types, self._whole = types, whole
        self.store = store

    def accepts(self, values: list[Any]) -> bool:
        """Whether all `values` fit."""
        if not set(map(type, values)) <= self._types:
            return False
        return self._whole is None or not values or (min(values) in self._whole and max(values) in self._whole)


def _store_floats(dtype: type[np.floating[Any]]) -> Callable[[TensorProto, list[Any]], None]:
    def store(proto: TensorProto, values: list[Any]) -> None:
        with np.errstate(over="ignore"):
            proto.tensor_content = np.array([to_float(value) for value in values], np.float64).astype(dtype).tobytes()

    return store


def to_float(value: float) -> float:
    """A JSON number as a float64; infinite where it is too large."""
    try:
        return float(value)
    except OverflowError:  # A whole number of more than 308 digits.
        return float("inf") if value > 0 else float("-inf")


def _store_strings(proto: TensorProto, values: list[Any]) -> None:
    try:
        proto.string_val.extend(
            value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape") for value in values
        )
    except UnicodeEncodeError:
        raise InvalidArgument("JSON Parse error: The surrogate pair in string is invalid.") from None


def _store_in(field: str) -> Callable[[TensorProto, list[Any]], None]:
    return lambda proto, values: getattr(proto, field).extend(values)


_INT32 = range(-(2**31), 2**31)
KINDS: Mapping[int, Kind] = {
    DataType.DT_FLOAT: Kind({int, float}, _store_floats(np.float32)),
    DataType.DT_DOUBLE: Kind({int, float}, _store_floats(np.float64)),
    DataType.DT_STRING: Kind({str}, _store_strings),
    DataType.DT_BOOL: Kind({bool}, _store_in("bool_val")),
    **{
        dtype: Kind({int}, _store_in("int_val"), _INT32)
        for dtype in (DataType.DT_INT32, DataType.DT_INT16, DataType.DT_INT8, DataType.DT_UINT8)
    },
    DataType.DT_INT64: Kind({int}, _store_in("int64_val"), range(-(2**63), 2**63)),
    DataType.DT_UINT32: Kind({int}, _store_in("uint32_val"), range(2**32)),
    DataType.DT_UINT64: Kind({int}, _store_in("uint64_val"), range(2**64)),
}
