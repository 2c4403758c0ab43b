"""The files of a job and how they are read: by their names, packed with gzip or not."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gateway.offline.documents import Format, UnreadableDocument

_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSON,
    ".csv": Format.CSV,
}
SUFFIXES = f"{', '.join(_FORMATS)}, each also with .gz behind it"


@dataclass(frozen=True, slots=True)
class Input:
    """One file. `name` is what the results call it."""

    path: Path
    name: str
    format: Format

    def open(self) -> BinaryIO:
        """Its content, unpacked."""
        if self.path.suffix == ".gz":
            return gzip.open(self.path)  # type: ignore[return-value] # It reads bytes like any other.
        return self.path.open("rb")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    @property
    def unpacked_size(self) -> int:
        """Bytes of records, about: how long a packed file is, it tells only at its end, modulo 2^32."""
        if self.path.suffix != ".gz" or self.size < 18:
            return self.size
        with self.path.open("rb") as file:
            file.seek(-4, os.SEEK_END)
            return max(self.size, int.from_bytes(file.read(4), "little"))


def find_inputs(paths: Sequence[Path]) -> list[Input]:
    """The files that `paths` name, and those in the folders among them, by name; raises UnreadableDocument."""
    found: list[Input] = []
    for path in paths:
        if path.is_dir():
            inside = (each for each in sorted(path.rglob("*")) if each.is_file() and _format(each))
            found.extend(_input(each, str(each.relative_to(path))) for each in inside)
        elif path.is_file():
            found.append(_input(path, path.name))
        else:
            raise UnreadableDocument(f"There is no file {path}.")
    if not found:
        raise UnreadableDocument(f"There is no file of records; their names end in {SUFFIXES}.")
    return found


def fingerprint(inputs: Sequence[Input]) -> list[list[Any]]:
    """What tells these files from others, as JSON gives it back."""
    return [[each.name, each.size, each.path.stat().st_mtime_ns] for each in inputs]


def _input(path: Path, name: str) -> Input:
    kind = _format(path)
    if kind is None:
        raise UnreadableDocument(f"{path} is no file of records; their names end in {SUFFIXES}.")
    return Input(path, name, kind)


def _format(path: Path) -> Format | None:
    return _FORMATS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
