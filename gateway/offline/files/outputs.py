"""The results of a job while they grow: chunks are added whole, and the file has its name only when it is complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from gateway.offline.files.results import to_csv, to_jsonl

PARTIAL = ".partial"
SUFFIXES = (".csv", ".jsonl", ".parquet")


class Output(Protocol):
    """Where tables go. Nothing that `add` was not told to keep survives `open`."""

    def open(self, chunks: int, size: int) -> None:
        """Go on behind the first `chunks`, which take `size` bytes; 0, 0 begins anew."""

    def add(self, table: pa.Table) -> int:
        """Write one chunk for good; the bytes written so far, all chunks together."""

    def finish(self) -> None:
        """Give the file its name."""


class LinesOutput:
    """CSV or JSON lines: chunks are appended to one file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._partial = path.with_name(path.name + PARTIAL)
        self._is_csv = path.suffix == ".csv"
        self._size = 0

    def open(self, chunks: int, size: int) -> None:
        """As the protocol says."""
        if chunks == 0:
            self._partial.write_bytes(b"")
        os.truncate(self._partial, size)
        self._size = size

    def add(self, table: pa.Table) -> int:
        """As the protocol says."""
        content = to_csv(table, header=self._size == 0) if self._is_csv else to_jsonl(table)
        with self._partial.open("ab") as file:
            file.write(content)
        self._size += len(content)
        return self._size

    def finish(self) -> None:
        """As the protocol says."""
        if self._is_csv and self._size == 0:
            self._partial.write_bytes(to_csv(self._schema.empty_table(), header=True))
        sync(self._partial)
        self._partial.replace(self._path)


def output_to(path: Path, schema: pa.Schema) -> Output:
    """By the suffix of `path`, which must be one of SUFFIXES."""
    if path.suffix != ".parquet":
        return LinesOutput(path, schema)
    # A part of pyarrow that takes time to import, for those alone who want it.
    from gateway.offline.files.parquet_output import ParquetOutput  # noqa: PLC0415

    return ParquetOutput(path, schema)


def sync(path: Path) -> None:
    """What has its name is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
