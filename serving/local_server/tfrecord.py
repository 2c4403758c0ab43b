"""Reads TFRecord files: length, its masked CRC-32C, data, the data's masked CRC-32C.

Source: tensorflow/core/lib/io/record_reader.cc.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from serving.local_server.errors import DataLoss, NotFound

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_POLYNOMIAL = 0x82F63B78


def read_records(path: Path) -> Iterator[bytes]:
    """Each record in turn; raises NotFound and DataLoss."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path}; {error.strerror}") from error
    offset = 0
    while offset < len(data):
        header = data[offset : offset + _HEADER.size]
        if len(header) < _HEADER.size:
            raise DataLoss(f"truncated record at {offset}")
        length, length_crc = _HEADER.unpack(header)
        if _masked_crc(header[:8]) != length_crc:
            raise DataLoss(f"corrupted record at {offset}{' (Is this even a TFRecord file?)' if not offset else ''}")
        start = offset + _HEADER.size
        record = data[start : start + length]
        footer = data[start + length : start + length + _FOOTER.size]
        if len(record) < length or len(footer) < _FOOTER.size:
            raise DataLoss(f"truncated record at {offset}")
        if _masked_crc(record) != _FOOTER.unpack(footer)[0]:
            raise DataLoss(f"corrupted record at {offset}")
        yield record
        offset = start + length + _FOOTER.size


def frame(record: bytes) -> bytes:
    """One record as the file holds it."""
    header = struct.pack("<Q", len(record))
    return b"".join([header, _FOOTER.pack(_masked_crc(header)), record, _FOOTER.pack(_masked_crc(record))])


def _masked_crc(data: bytes) -> int:
    crc, table = 0xFFFFFFFF, _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ _POLYNOMIAL if value & 1 else value >> 1  # noqa: PLW2901 - that is the algorithm.
        table.append(value)
    return tuple(table)
