"""A file cut into chunks of whole records, always at the same places, whatever was scored of it before."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import orjson

from gateway.offline.documents import Format, UnreadableDocument, read_header, read_items
from gateway.offline.files.inputs import Input

CHUNK_BYTES = 4 << 20
LONGEST_RECORD = 8 << 20
LARGEST_LIST = 32 << 20
"""A JSON list has to be held in memory at once."""
_HEADER_BYTES = 1 << 16
"""A header is not longer."""
_BOM = b"\xef\xbb\xbf"
_NEWLINE, _QUOTE = b'\n"'


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole records of `input`, of which the first stands on `first_line` (its place, from 1, in a JSON list).

    `header` names the columns of CSV; otherwise there is one JSON value to a line. Nobody changes `content`.
    """

    input: Input
    first_line: int
    content: bytes | bytearray
    header: tuple[str, ...] | None = None


def read_chunks(source: Input, size: int = CHUNK_BYTES, largest_list: int = LARGEST_LIST) -> Iterator[Chunk]:
    """Chunks of about `size` bytes; raises UnreadableDocument and OSError."""
    with source.open() as file:
        if source.format is Format.CSV:
            yield from _csv_chunks(source, file, size)
        elif source.format is Format.JSON and (content := _list(source, file, largest_list)) is not None:
            yield from _list_chunks(source, content, size)
        else:
            yield from _cut(source, file, size, rest=b"", line=1, header=None)


def count_lines(content: bytes | bytearray, end: int) -> int:
    """How many newlines stand before `end`."""
    return _count(content, _NEWLINE, 0, end)


def row_end(content: bytes | bytearray, before: int, *, quoted: bool) -> int:
    """Where the last record that ends at or before `before` ends; 0 where none does.

    In `quoted` content a newline between quotes does not end a record.
    """
    end = content.rfind(b"\n", 0, before) + 1
    if quoted:
        odd = _count(content, _QUOTE, 0, end) % 2
        while end and odd:
            previous = content.rfind(b"\n", 0, end - 1) + 1
            odd = (odd + content.count(b'"', previous, end)) % 2
            end = previous
    return end


def _count(content: bytes | bytearray, byte: int, start: int, end: int) -> int:
    """As `content.count`, which looks at one byte at a time, where NumPy looks at many."""
    return int(np.count_nonzero(np.frombuffer(content, np.uint8)[start:end] == byte))


def _csv_chunks(source: Input, file: BinaryIO, size: int) -> Iterator[Chunk]:
    start = file.read(min(size, _HEADER_BYTES)).removeprefix(_BOM)
    end = start.find(b"\n") + 1 or len(start)
    while start.count(b'"', 0, end) % 2:
        if not (following := start.find(b"\n", end) + 1):
            raise UnreadableDocument(f"{source.name}: the first line must name the columns.")
        end = following
    try:
        row = next(csv.reader(io.StringIO(start[:end].decode(), newline="")), [])
        header = tuple(read_header(row))
    except (UnicodeDecodeError, csv.Error, UnreadableDocument) as error:
        raise UnreadableDocument(f"{source.name}: {error}") from None
    yield from _cut(source, file, size, rest=start[end:], line=1 + start.count(b"\n", 0, end), header=header)


def _cut(
    source: Input, file: BinaryIO, size: int, *, rest: bytes, line: int, header: tuple[str, ...] | None
) -> Iterator[Chunk]:
    first = header is None
    while True:
        content, read = _next(file, size, rest)
        if first and content.startswith(_BOM):
            del content[: len(_BOM)]
        first = False
        if not read:
            break
        end = row_end(content, len(content), quoted=header is not None)
        rest = bytes(memoryview(content)[end:])
        if end:
            del content[end:]
            yield Chunk(source, line, content, header)
            line += count_lines(content, end)
        if len(rest) > LONGEST_RECORD:
            raise UnreadableDocument(f"{source.name}: the record on line {line} is longer than 8 MB.")
    if content.strip():
        yield Chunk(source, line, content, header)


def _next(file: BinaryIO, size: int, rest: bytes) -> tuple[bytearray, int]:
    """`rest` and the next `size` bytes in one piece of memory, and how many could be read."""
    content = bytearray(len(rest) + size)
    content[: len(rest)] = rest
    with memoryview(content) as whole, whole[len(rest) :] as free:
        read = file.readinto(free)  # type: ignore[attr-defined] # Every file has it that reads bytes.
    del content[len(rest) + read :]
    return content, read


def _list(source: Input, file: BinaryIO, largest: int) -> bytes | None:
    """The whole content where it is one JSON document, else None, the file being at its start again."""
    start = file.read(largest + 1)
    file.seek(0)
    is_list = start.removeprefix(_BOM).lstrip()[:1] == b"["
    if len(start) > largest:
        if is_list:
            raise UnreadableDocument(
                f"{source.name}: a JSON list of more than 32 MB is not read; write one record to a line "
                f"(for example: jq -c '.[]' {Path(source.name).name} > records.jsonl)."
            )
        return None
    if is_list:
        return start
    try:
        orjson.loads(start.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        return None
    return start


def _list_chunks(source: Input, content: bytes, most: int) -> Iterator[Chunk]:
    try:
        items = list(read_items(content.removeprefix(_BOM), Format.JSON))
    except UnreadableDocument as error:
        raise UnreadableDocument(f"{source.name}: {error}") from None
    lines: list[bytes] = []
    size, first = 0, 1
    for item in items:
        lines.append(orjson.dumps(item.value))
        size += len(lines[-1])
        if size >= most or item.line == len(items):
            yield Chunk(source, first, b"\n".join(lines) + b"\n")
            lines, size, first = [], 0, item.line + 1
