"""A scored chunk as a table, and the lines that tables become."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from contracts.model import CLASSES
from gateway.offline.files.arrow_columns import Refused, Rows
from gateway.offline.scores import NOTHING_KNOWN, Scores

_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("platform", pa.string()),
        ("id", pa.string()),
        ("username", pa.string()),
        ("label", pa.string()),
        ("unsure", pa.bool_()),
        *((name, pa.float32()) for name in CLASSES),
        ("confidence", pa.float32()),
        ("model_version", pa.int32()),
        ("error", pa.string()),
    ]
)
"""One row to a record, in the order of the files; `error` says why there is no label. Usernames are left out of the
results unless they are asked for."""
SCHEMA = _SCHEMA.remove(_SCHEMA.get_field_index("username"))
"""Without usernames."""
WITH_USERNAMES = _SCHEMA
_FORMULA = r"^[=+\-@\t\r]"


def to_table(
    file: str, rows: Rows, scores: Scores, refused: Sequence[Refused], *, version: int, schema: pa.Schema
) -> pa.Table:
    """The rows of one chunk, in the order of their lines; `schema` is SCHEMA or WITH_USERNAMES."""
    count = len(rows.lines)
    nothing = scores.empty if scores.empty.any() else None

    def said(values: pa.Array) -> pa.Array:
        return values if nothing is None else pc.if_else(pa.array(nothing), pa.scalar(None, values.type), values)

    table = pa.table(
        [
            pa.repeat(file, count),
            pa.array(rows.lines),
            rows.platforms,
            rows.ids,
            rows.usernames,
            said(pa.array(CLASSES).take(pa.array(scores.labels))),
            said(pa.array(scores.unsure)),
            *(said(pa.array(scores.probabilities[:, index].astype(np.float32))) for index in range(len(CLASSES))),
            said(pa.array(scores.confidence.astype(np.float32))),
            pa.repeat(pa.scalar(version, pa.int32()), count),
            pa.nulls(count, pa.string())
            if nothing is None
            else pc.if_else(pa.array(nothing), NOTHING_KNOWN, pa.scalar(None, pa.string())),
        ],
        schema=_SCHEMA,
    )
    table = table.select(schema.names)
    if not refused:
        return table
    wrong = [{"file": file, "line": each.line, "error": each.error} for each in refused]
    return pa.concat_tables([table, pa.Table.from_pylist(wrong, schema)]).sort_by("line")


def to_csv(table: pa.Table, *, header: bool) -> bytes:
    """CSV of `table`; texts that a spreadsheet would take for a formula get an apostrophe in front."""
    for name in {"file", "id", "username", "error"} & set(table.column_names):
        column = table[name]
        if column.null_count == len(column):
            continue
        risky = pc.fill_null(pc.match_substring_regex(column, _FORMULA), False)
        if pc.any(risky).as_py():
            safe = pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
            table = table.set_column(table.schema.get_field_index(name), name, safe)
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=header, quoting_style="needed", batch_size=max(1, len(table)))
    pyarrow.csv.write_csv(table, sink, options)
    return bytes(sink.getvalue())


def to_jsonl(table: pa.Table) -> bytes:
    """One object to a line."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in table.to_pylist())
