"""The results of a job while they grow: chunks are added whole, and the file has its name only when it is complete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet

from gateway.offline.files.results import join_parquet, to_csv, to_jsonl

PARTIAL = ".partial"


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
        _sync(self._partial)
        self._partial.replace(self._path)


class ParquetOutput:
    """Parquet cannot be appended to: each chunk is a file of its own until all are joined."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._folder = path.with_name(path.name + PARTIAL)
        self._chunks = 0
        self._size = 0

    def open(self, chunks: int, size: int) -> None:
        """As the protocol says."""
        if chunks == 0:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(exist_ok=True)
        self._chunks, self._size = chunks, size

    def add(self, table: pa.Table) -> int:
        """As the protocol says."""
        path = self._part(self._chunks)
        pyarrow.parquet.write_table(table, path)
        self._chunks += 1
        self._size += path.stat().st_size
        return self._size

    def finish(self) -> None:
        """As the protocol says."""
        whole = self._folder / "whole"
        join_parquet([self._part(number) for number in range(self._chunks)], whole, self._schema)
        _sync(whole)
        whole.replace(self._path)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:07d}.parquet"


def output_to(path: Path, schema: pa.Schema) -> Output:
    """By the suffix of `path`, which must be one of results.SUFFIXES."""
    return ParquetOutput(path, schema) if path.suffix == ".parquet" else LinesOutput(path, schema)


def _sync(path: Path) -> None:
    """What has its name is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
