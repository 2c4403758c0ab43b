"""Texts of records -> their values and lines: a JSON list, JSON lines, or CSV with a header."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson


class Format(StrEnum):
    """How records are written down."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class UnreadableDocument(ValueError):  # noqa: N818 - it names what was given, like InvalidReference.
    """Nothing of a document can be read; the message is one sentence that says what would be right."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record: the line on which it begins (its place in the list, from 1, in a JSON list) and its value.

    `error` is a sentence where it could not even be decoded.
    """

    line: int
    value: Any = None
    error: str | None = None


def read_items(content: bytes, kind: Format) -> Iterator[Item]:
    """Every record of `content`; raises UnreadableDocument."""
    if kind is Format.JSONL:
        return read_lines(content)
    if kind is Format.CSV:
        return read_csv(content)
    return _read_list(content)


def read_lines(content: bytes, first_line: int = 1) -> Iterator[Item]:
    """One JSON value to a line; empty lines are passed over."""
    for line, text in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), first_line):
        if text.strip():
            yield _decoded(line, text)


def read_csv(content: bytes, header: Sequence[str] | None = None, first_line: int = 1) -> Iterator[Item]:
    """One record to a row, an empty cell being unknown; without `header` the first row is it.

    Raises UnreadableDocument.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableDocument("The CSV must be text in UTF-8.") from None
    rows = csv.reader(io.StringIO(text, newline=""))
    line = first_line
    try:
        if header is None:
            header = read_header(next(rows, []))
            line = first_line + rows.line_num
        for row in rows:
            yield _row(header, row, line)
            line = first_line + rows.line_num
    except csv.Error as error:
        yield Item(line, error=f"From here on this is no CSV: {error}.")


def read_header(row: Sequence[str]) -> list[str]:
    """The names of the columns; raises UnreadableDocument."""
    names = [name.strip() for name in row]
    if "platform" not in names:
        raise UnreadableDocument("The first line of the CSV must name the columns, `platform` among them.")
    if len(set(names)) < len(names):
        raise UnreadableDocument("The first line of the CSV names a column twice.")
    return names


def _row(header: Sequence[str], row: Sequence[str], line: int) -> Item:
    if not row:
        return Item(line, error="The line is empty.")
    if len(row) != len(header):
        return Item(line, error=f"The line has {len(row)} cells, the header has {len(header)}.")
    return Item(line, {name: cell for name, cell in zip(header, row, strict=True) if cell})


def _decoded(line: int, text: bytes) -> Item:
    try:
        return Item(line, orjson.loads(text))
    except orjson.JSONDecodeError:
        pass
    try:
        # Python's own writer puts NaN where it means unknown, which orjson refuses.
        return Item(line, json.loads(text))
    except (ValueError, RecursionError):
        return Item(line, error="That is no JSON object on one line.")


def _read_list(content: bytes) -> Iterator[Item]:
    """A list of records, `{"data": [...]}` as X gives a page of users, or one record."""
    item = _decoded(1, content)
    if item.error is not None:
        raise UnreadableDocument("The body is not valid JSON; send a list of records.")
    value = item.value
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise UnreadableDocument("The JSON must be a list of records.")
    return (Item(place, each) for place, each in enumerate(value, 1))
