"""Results as CSV and JSON lines, written as they are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import RowMapping

from contracts.model import CLASSES
from gateway.batches.batch import iso
from gateway.batches.errors import InvalidChoiceError
from gateway.batches.store import ref_of

NOTICE = "a likeness, not a finding; no basis for adverse action"
DEFAULT = ("line", "platform", "id", "outcome", "label", "unsure", *CLASSES, "notice")
MORE = ("handle", "url", "detail", "confidence", "model_version", "facts_known", "fetched_at", "method", "cached")
COLUMNS = (*DEFAULT[:-1], *MORE, "contributions", "notice")
"""Everything that can be asked for; `contributions` are empty unless the batch was to be explained."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
_BLOCK = 64 * 1024


def columns_of(text: str | None) -> Sequence[str]:
    """The default and the columns that `text` names with commas between them, or `all`; raises InvalidChoiceError."""
    if not text:
        return DEFAULT
    asked = COLUMNS if text == "all" else text.split(",")
    if unknown := [name for name in asked if name not in COLUMNS]:
        raise InvalidChoiceError(f"There is no column {unknown[0][:40]!r}; there are {', '.join(COLUMNS)}.")
    return tuple(name for name in COLUMNS if name in asked or name in DEFAULT)


def record_of(row: RowMapping) -> dict[str, Any]:
    """Everything of a row, as the API shows it."""
    contributions = json.loads(row["contributions"]) if row["contributions"] else []
    gone = row["handle"] is None and row["account_id"] is None
    return {
        "line": row["line"],
        "platform": row["platform"],
        "id": row["account_id"],
        "handle": row["handle"],
        "url": None if gone else _url(row),
        "state": row["state"],
        "outcome": row["outcome"],
        "detail": row["detail"],
        "label": row["label"],
        "unsure": None if row["unsure"] is None else bool(row["unsure"]),
        **{name: None if row[f"p_{name}"] is None else round(row[f"p_{name}"], 6) for name in CLASSES},
        "confidence": None if row["confidence"] is None else round(row["confidence"], 6),
        "model_version": row["model_version"],
        "facts_known": row["facts_known"],
        "fetched_at": iso(row["fetched_at"]),
        "method": row["method"],
        "cached": None if row["cached"] is None else bool(row["cached"]),
        "contributions": dict(contributions),
        "notice": NOTICE,
    }


def as_csv(rows: Iterable[RowMapping], columns: Sequence[str]) -> Iterator[bytes]:
    """A table with a header; texts that a spreadsheet would take for a formula begin with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        record = record_of(row)
        writer.writerow([cell_of(record[name]) for name in columns])
        if buffer.tell() >= _BLOCK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def as_json_lines(rows: Iterable[RowMapping], columns: Sequence[str]) -> Iterator[bytes]:
    """One object a line."""
    block: list[str] = []
    for row in rows:
        record = record_of(row)
        block.append(json.dumps({name: record[name] for name in columns}, ensure_ascii=False) + "\n")
        if len(block) == 500:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()


def cell_of(value: Any) -> str:
    """One cell: empty for None, and no formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict():
            return "; ".join(f"{name} {amount:+g}" for name, amount in value.items())
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return str(value)


def _url(row: RowMapping) -> str:
    return ref_of(row["platform"], row["handle"] is None, row["handle"], row["account_id"]).url
