"""Chunks -> features, columnar from the bytes to the tensor; only odd records are read one by one.

What is odd (a field of another type, a number out of bounds, a text too long, a line that is no JSON) is left to
gateway/offline/record.py, which reads it after all or says what is wrong with it. So both ways give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from contracts.activity import ACTIVITY_FIELDS
from contracts.characters import Characters
from contracts.columns import AGE_COLUMN, NUMBER_COLUMNS, Columns
from contracts.features import F, normalize
from contracts.platforms import Platform
from gateway.offline import flat_record
from gateway.offline.documents import Item, UnreadableDocument, read_csv, read_lines
from gateway.offline.files.arrow_tables import Table, limits_of, read_table, rows_of
from gateway.offline.files.chunks import Chunk, count_lines, row_end
from gateway.offline.record import InvalidRecord, Record, read_record, to_columns
from gateway.offline.scores import BLOCK, Features

_DAY_MICROS = 86_400e6
_ONE_BY_ONE = 16 << 10
"""A piece of so many bytes that holds an odd record is read one by one."""

Lines = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """n records that could be read: their lines, what they call themselves, and their features float32[n, F]."""

    lines: Lines
    platforms: pa.Array
    ids: pa.Array
    usernames: pa.Array
    features: Features


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read, and why."""

    line: int
    error: str


def read_rows(chunk: Chunk, now: datetime) -> tuple[Rows, list[Refused]]:
    """Every record of a chunk; `now` (UTC) is when those were collected that don't say so."""
    parts: list[Rows] = []
    odd: list[Item] = []
    for piece, whole in _pieces(chunk):
        lines = None if whole is None else _lines(piece, rows_of(whole))
        if whole is None or lines is None:
            odd.extend(_items(piece))
            continue
        table = whole
        if (strange := _strange(whole)) is not None:
            wanted = set(lines[strange].tolist())
            odd.extend(item for item in _items(piece) if item.line in wanted)
            plain = pa.array(~strange)
            table, lines = {name: values.filter(plain) for name, values in whole.items()}, lines[~strange]
        if len(lines):
            parts.append(_rows(table, lines, now))
    refused: list[Refused] = []
    if odd:
        records, lines, refused = _read_one_by_one(odd, now)
        if records:
            parts.append(_rows_of(records, lines))
    return _together(parts), refused


def _pieces(chunk: Chunk) -> Iterator[tuple[Chunk, Table | None]]:
    """The chunk's table; where an odd record is in the way, tables of ever smaller pieces around it."""
    try:
        table = read_table(chunk)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        pass
    else:
        yield chunk, table
        return
    end = 0
    if len(chunk.content) > _ONE_BY_ONE:
        end = row_end(chunk.content, len(chunk.content) // 2, quoted=chunk.header is not None)
    if end == 0:
        yield chunk, None
        return
    line = chunk.first_line + count_lines(chunk.content, end)
    yield from _pieces(Chunk(chunk.input, chunk.first_line, chunk.content[:end], chunk.header))
    yield from _pieces(Chunk(chunk.input, line, chunk.content[end:], chunk.header))


def _items(chunk: Chunk) -> Iterator[Item]:
    content = bytes(chunk.content)
    if chunk.header is None:
        return read_lines(content, chunk.first_line)
    try:
        return iter(list(read_csv(content, chunk.header, chunk.first_line)))
    except UnreadableDocument as error:
        return iter([Item(chunk.first_line, error=str(error))])


def _lines(chunk: Chunk, rows: int) -> Lines | None:
    """The line of each row; None where the rows cannot be told apart by their lines."""
    content = chunk.content
    newlines = count_lines(content, len(content)) + (not content.endswith(b"\n"))
    if rows == newlines:
        return np.arange(chunk.first_line, chunk.first_line + rows)
    if chunk.header is None:
        filled = [line for line, text in enumerate(bytes(content).split(b"\n"), chunk.first_line) if text.strip()]
        return np.array(filled) if len(filled) == rows else None
    characters = np.frombuffer(content, np.uint8)
    ends, quotes = np.flatnonzero(characters == ord("\n")), np.flatnonzero(characters == ord('"'))
    closing = np.flatnonzero(np.searchsorted(quotes, ends) % 2 == 0)
    starts = np.concatenate([[0], closing + 1])[: len(closing) + (not content.endswith(b"\n"))]
    return starts + chunk.first_line if len(starts) == rows else None


def _strange(table: Table) -> NDArray[np.bool_] | None:
    """bool[n]: the rows that only the reader of single records may judge; None where there are none."""
    platforms = table["platform"]
    masks = [pc.invert(pc.fill_null(pc.is_in(platforms, pa.array([each.value for each in Platform])), False))]
    limits = flat_record.TEXT_LIMITS | dict.fromkeys(flat_record.IDS, flat_record.MAX_ID_CHARACTERS)
    for name, limit in limits.items():
        # Characters never outnumber bytes, which cost less to count.
        if name in table and (pc.max(pc.binary_length(table[name])).as_py() or 0) > limit:
            masks.append(pc.greater(pc.utf8_length(table[name]), limit))
    for name, column in table.items():
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            masks.extend(_out_of_bounds(name, column))
    odd: NDArray[np.bool_] = np.asarray(
        pc.fill_null(reduce(pc.or_kleene, masks), False).to_numpy(zero_copy_only=False), np.bool_
    )
    return odd if odd.any() else None


def _out_of_bounds(name: str, column: pa.Array) -> list[Any]:
    low, high = limits_of(name)
    found = pc.min_max(column).as_py()
    masks = []
    if found["min"] is not None and not low <= found["min"] <= found["max"] <= high:
        masks.append(pc.or_(pc.less(column, low), pc.greater(column, high)))
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        masks.append(pc.is_nan(column))
    if high == 2.0**63 and pa.types.is_floating(column.type):
        # A whole number that is rounded to 2^63 may have been one below it.
        masks.append(pc.or_(pc.not_equal(column, pc.floor(column)), pc.greater_equal(column, high)))
    return masks


def _rows(table: Table, lines: Lines, now: datetime) -> Rows:
    given = {name: _numbers(table[name]) for name in NUMBER_COLUMNS if name in table}
    if "created_at" in table:
        given[AGE_COLUMN] = _age_days(table, now)
    _complete(given)
    platforms = _strings(table, "platform")
    features = np.empty((len(lines), F), np.float32)
    texts = {name: _strings(table, name) for name in flat_record.TEXT_LIMITS}
    empty = given.get("biography_length", np.zeros(0)) == 0
    for start in range(0, len(lines), BLOCK):
        rows = slice(start, start + BLOCK)
        characters = {name: _characters(text.slice(start, BLOCK)) for name, text in texts.items()}
        if len(empty):
            characters["biography"] = _known_empty(characters["biography"], empty[rows])
        names = platforms.slice(start, BLOCK).to_numpy(zero_copy_only=False)
        numbers = {name: column[rows] for name, column in given.items()}
        features[rows] = normalize(Columns.of({"platform": names}, numbers, characters))
    ids = [_strings(table, name) for name in flat_record.IDS]
    return Rows(lines, platforms, pc.coalesce(*ids), texts["username"], features)


def _age_days(table: Table, now: datetime) -> NDArray[np.float64]:
    """Days from the creation to the collection; unknown where either is, or where they stand the wrong way round."""
    times = [table[name] for name in flat_record.TIMES if name in table]
    collected = pc.coalesce(*times, pa.scalar(now, table["created_at"].type))
    micros = pc.cast(pc.subtract(collected, table["created_at"]), pa.int64())
    days = _numbers(micros) / _DAY_MICROS
    return np.where(days >= 0, days, np.nan)


def _complete(numbers: dict[str, NDArray[np.float64]]) -> None:
    """Where anything is known of recent posts, their number is, as in a record that is read by itself."""
    statistics = [numbers[name] for name in ACTIVITY_FIELDS[1:] if name in numbers]
    if statistics:
        known = ~np.isnan(reduce(np.fmax, statistics))
        seen = numbers.get("posts_seen", np.full(len(known), np.nan))
        numbers["posts_seen"] = np.where(known & np.isnan(seen), 0.0, seen)


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _strings(table: Table, name: str) -> pa.StringArray:
    return table[name] if name in table else pa.nulls(rows_of(table), pa.string())


def _characters(texts: pa.StringArray) -> Characters:
    known = texts.is_valid().to_numpy(zero_copy_only=False)
    length = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    _, offsets, content = texts.buffers()
    if content is None:
        return Characters.of_utf8(known, length, b"")
    bounds = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    return Characters.of_utf8(known, length, memoryview(content)[bounds[0] : bounds[-1]])


def _known_empty(biography: Characters, empty: NDArray[np.bool_]) -> Characters:
    return Characters(biography.known | empty, biography.length, biography.points)


def _read_one_by_one(items: list[Item], now: datetime) -> tuple[list[Record], Lines, list[Refused]]:
    records: list[Record] = []
    lines: list[int] = []
    refused: list[Refused] = []
    for item in items:
        if item.error is not None:
            refused.append(Refused(item.line, item.error))
            continue
        try:
            records.append(read_record(item.value, now))
        except InvalidRecord as error:
            refused.append(Refused(item.line, str(error)))
        else:
            lines.append(item.line)
    return records, np.array(lines, np.int64), refused


def _rows_of(records: list[Record], lines: Lines) -> Rows:
    return Rows(
        lines,
        pa.array([record.profile.platform.value for record in records], pa.string()),
        pa.array([record.id for record in records], pa.string()),
        pa.array([record.profile.username for record in records], pa.string()),
        normalize(to_columns(records)),
    )


def _together(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    none: Any = pa.array([], pa.string())
    if not parts:
        return Rows(np.zeros(0, np.int64), none, none, none, np.zeros((0, F), np.float32))
    lines = np.concatenate([part.lines for part in parts])
    order = np.argsort(lines, kind="stable")
    chosen = pa.array(order)
    return Rows(
        lines[order],
        pa.concat_arrays([part.platforms for part in parts]).take(chosen),
        pa.concat_arrays([part.ids for part in parts]).take(chosen),
        pa.concat_arrays([part.usernames for part in parts]).take(chosen),
        np.concatenate([part.features for part in parts])[order],
    )
