"""Results as one Parquet file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from gateway.offline.files.outputs import PARTIAL, sync


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
        _join([self._part(number) for number in range(self._chunks)], whole, self._schema)
        sync(whole)
        whole.replace(self._path)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:07d}.parquet"


def _join(parts: Sequence[Path], path: Path, schema: pa.Schema) -> None:
    """One file of the `parts`, each a row group or more, in constant memory."""
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for part in parts:
            writer.write_table(pyarrow.parquet.read_table(part))
