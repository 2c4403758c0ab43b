"""Chunks -> pyarrow arrays with our own names, all rows at once; refused as a whole where one row is odd."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json

from gateway.offline import flat_record, x_user
from gateway.offline.files.arrow_schemas import COUNTS, FLAT, FLAT_JSON, OWN_JSON, X_JSON
from gateway.offline.files.chunks import Chunk

Table = dict[str, pa.Array]
"""Field -> its n values."""

OWN_FIELDS = frozenset(OWN_JSON.names)
_FILLED_LINE = re.compile(rb"\S[^\n]*")
_TRUE, _FALSE = ["1", "true", "True", "TRUE", "1.0"], ["0", "false", "False", "FALSE", "0.0"]


def read_table(chunk: Chunk) -> Table | None:
    """Fields of arrow_schemas.FLAT, as many as the shape has; None where the shape has to be read one by one.

    Raises pa.ArrowInvalid where any row is not as the fields want it; which one, it does not tell.
    """
    _check_utf8(chunk.content)
    if chunk.header is not None:
        return _csv(chunk.content, chunk.header)
    first = _first_record(chunk.content)
    if "platform" in first:
        return _flat(chunk.content, first, own=OWN_FIELDS.issuperset(first))
    return _x(_json(chunk.content, _ordered(X_JSON, first))) if x_user.is_one(first) else None


def rows_of(table: Table) -> int:
    """How many rows there are."""
    return len(next(iter(table.values())))


def _check_utf8(content: bytes | bytearray) -> None:
    """pyarrow takes any bytes for text, so they are read as one text; raises pa.ArrowInvalid."""
    bounds = pa.py_buffer(np.array([0, len(content)], np.int32))
    pa.Array.from_buffers(pa.binary(), 1, [None, bounds, pa.py_buffer(content)]).cast(pa.string())


def _first_record(content: bytes | bytearray) -> dict[str, Any]:
    line = _FILLED_LINE.search(content)
    try:
        value = orjson.loads(line[0] if line else b"")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _json(content: bytes | bytearray, schema: pa.Schema, unexpected: str = "ignore") -> Table:
    return _arrays(
        pyarrow.json.read_json(
            pa.BufferReader(content),
            pyarrow.json.ReadOptions(use_threads=False, block_size=len(content) + 1),
            pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unexpected),
        )
    )


def _ordered(schema: pa.Schema, first: dict[str, Any]) -> pa.Schema:
    """`schema` in the order of the first record: pyarrow finds a field sooner where it comes after the one before."""
    names = (name for name in first if name in schema.names)
    return pa.schema([schema.field(name) for name in dict.fromkeys([*names, *schema.names])])


def _csv(content: bytes | bytearray, header: tuple[str, ...]) -> Table:
    known = {name: FLAT[name] for name in header if name in FLAT}
    # pandas writes whole numbers as 12.0 where others of the column are unknown.
    types = known | {name: pa.float64() for name in COUNTS if name in known}
    return _arrays(
        pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=list(header)),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=types,
                include_columns=list(known),
                null_values=[""],
                true_values=_TRUE,
                false_values=_FALSE,
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    )


def _arrays(table: pa.Table) -> Table:
    """The columns as one array each."""
    if table.column(0).num_chunks != 1:
        table = table.combine_chunks()
    return {name: column.chunk(0) for name, column in zip(table.column_names, table.columns, strict=True)}


def _flat(content: bytes | bytearray, first: dict[str, Any], *, own: bool) -> Table:
    """Statistics of posts may stand in `activity` or beside the other fields.

    Fields that no row has cost time as well, so our `own` records are tried by themselves.
    """
    if own:
        try:
            table = _json(content, _ordered(OWN_JSON, first), "error")
        except pa.ArrowInvalid:
            return _flat(content, first, own=False)
        return {name: table[name] for name in table if name in FLAT} | _struct(table["activity"])
    table = _json(content, _ordered(FLAT_JSON, first))
    for name, inside in _struct(table.pop("activity")).items():
        if table[name].null_count == len(inside):
            table[name] = inside
        elif inside.null_count < len(inside):
            raise pa.ArrowInvalid("Statistics of posts stand in two places.")
    return table


def _x(table: Table) -> Table:
    nameless = pc.and_(table["name"].is_null(), table["description"].is_null())
    unlike = pc.and_(table["public_metrics"].is_null(), pc.or_(table["username"].is_null(), nameless))
    if pc.any(pc.or_(table["platform"].is_valid(), unlike)).as_py():
        raise pa.ArrowInvalid("Some records are of another shape.")
    metrics = _struct(table["public_metrics"])
    return {
        "platform": pa.repeat("x", len(nameless)),
        "id": table["id"],
        "created_at": table["created_at"],
        **{ours: table[theirs] for theirs, ours in x_user.TEXTS.items()},
        **{ours: metrics[theirs] for theirs, ours in x_user.METRICS.items()},
        "has_avatar": pc.invert(pc.match_substring(table["profile_image_url"], x_user.DEFAULT_PICTURE)),
        "has_url": pc.not_equal(table["url"], ""),
    }


def _struct(column: pa.StructArray) -> Table:
    return dict(zip([field.name for field in column.type], column.flatten(), strict=True))


def limits_of(name: str) -> tuple[float, float]:
    """The smallest and the largest value of a numeric column."""
    return (0, 2.0**63) if name in COUNTS else (0, flat_record.maximum_of(name))
