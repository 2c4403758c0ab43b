"""What a list holds, line by line, before it is known whether a line names an account."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.profile_ref import with_plain_signs
from gateway.batches.errors import UnreadableListError

_ADDRESS = ("profile", "url", "link", "address", "account")
_HANDLE = ("handle", "username", "user", "screen_name", "user_name")
_ID = ("id", "user_id", "account_id")
_PLATFORM = ("platform", "network", "site")
COLUMNS = frozenset([*_ADDRESS, *_HANDLE, *_ID, *_PLATFORM])
"""Names of columns and of JSON fields that are read; others are passed over."""

_LONG = "This line is too long to name an account."
_QUOTES = "A quotation mark in this line is not closed, or text follows behind it."
_MOST_LINES_OF_A_RECORD = 100
"""A quotation mark that is open for longer was never closed."""


class Format(StrEnum):
    """How a list is written."""

    JSON = "json"
    JSON_LINES = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Given:
    """One entry: its line (for a JSON list its place, from 1), its account and perhaps its platform, as written.

    `wrong` is a sentence where the line cannot be read at all.
    """

    line: int
    account: str = ""
    platform: str = ""
    wrong: str | None = None


def decoded(body: bytes) -> str:
    """The text of a file: UTF-8 with or without its mark, or UTF-16 with one. Raises UnreadableListError."""
    encoding = "utf-16" if body[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return body.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise UnreadableListError("The list is not UTF-8 text; save it as CSV UTF-8, JSON or plain text.") from None


def format_of(text: str) -> Format:
    """What `text` looks like, where nobody says what it is."""
    start = text.lstrip()[:1]
    return {"[": Format.JSON, "{": Format.JSON_LINES}.get(start, Format.CSV)


def entries(text: str, form: Format) -> Iterator[Given]:
    """Every entry in order, blank lines left out; raises UnreadableListError."""
    match form:
        case Format.JSON:
            return _of_json(text)
        case Format.JSON_LINES:
            return _of_json_lines(text)
        case Format.CSV:
            return _of_csv(text)


def of_values(values: Sequence[Any]) -> Iterator[Given]:
    """The entries of a JSON list that was read already."""
    return (_of_value(number, value) for number, value in enumerate(values, 1))


def _of_json(text: str) -> Iterator[Given]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableListError("The list is not valid JSON.") from None
    if not isinstance(values, list):
        raise UnreadableListError('The JSON must be a list, such as ["https://x.com/some_handle"].')
    return of_values(values)


def _of_json_lines(text: str) -> Iterator[Given]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _of_value(number, json.loads(line))
        except (ValueError, RecursionError):
            yield Given(number, wrong="This line is not valid JSON.")


def _of_value(number: int, value: Any) -> Given:
    if isinstance(value, str):
        return Given(number, value)
    if isinstance(value, dict):
        return _of_fields(number, {str(key).lower(): _text(field) for key, field in value.items()})
    return Given(number, wrong='An entry must be a text or an object, such as {"handle": "some_handle"}.')


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _of_fields(number: int, fields: Mapping[str, str]) -> Given:
    """The first of address, handle and id that is filled in."""

    def first(names: Sequence[str]) -> str:
        return next((fields[name].strip() for name in names if fields.get(name, "").strip()), "")

    account = first(_ADDRESS)
    if not account and (handle := with_plain_signs(first(_HANDLE))):
        # With its @ a handle of digits is not taken for an id.
        account = handle if handle.startswith("@") or "/" in handle else f"@{handle}"
    # A column of numbers with gaps is one of fractions to many programs, which write 12345 as 12345.0.
    account = account or first(_ID).removesuffix(".0")
    if not account:
        return Given(number, wrong="This entry names no account; give a profile address, a handle or an id.")
    return Given(number, account, first(_PLATFORM))


def _of_csv(text: str) -> Iterator[Given]:
    lines = text.split("\n")
    delimiter = _delimiter(next((line for line in lines if line.strip()), ""))
    header: list[str] | None = None
    first = True
    for number, record in _records(lines, delimiter):
        if record is None:
            first = False
            yield Given(number, wrong=_LONG if len(lines[number - 1]) > csv.field_size_limit() else _QUOTES)
            continue
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        if first and COLUMNS & {cell.lower() for cell in cells}:
            header = [cell.lower() for cell in cells]
        elif header is not None:
            yield _of_fields(number, dict(zip(header, cells, strict=False)))
        else:
            yield Given(number, cells[0], cells[1] if len(cells) > 1 else "")
        first = False


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each record with the line at which it begins; None where that line spoils it, and the next one begins afresh."""
    start = 0
    while start < len(lines):
        feed = _Feed(lines, start)
        try:
            yield start + 1, next(csv.reader(feed, delimiter=delimiter, strict=True))
            start = feed.next
        except csv.Error:
            yield start + 1, None
            start += 1


class _Feed:
    """Lines for one record."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self._lines = lines
        self._end = min(len(lines), start + _MOST_LINES_OF_A_RECORD)
        self.next = start

    def __iter__(self) -> Iterator[str]:
        while self.next < self._end:
            self.next += 1
            yield self._lines[self.next - 1] + "\n"
