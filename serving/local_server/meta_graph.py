"""The signatures in a serialised MetaGraphDef, found without parsing the graph beside them.

Parsing a graph of a megabyte holds Python's lock for 10 to 40 ms, in which no request could run; passing over it by its
length takes microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.serving_protos import MetaGraphDef, SignatureDef

_SIGNATURES = MetaGraphDef.SIGNATURE_DEF_FIELD_NUMBER
_VARINT, _LENGTH_DELIMITED = 0, 2
_FIXED = {1: 8, 5: 4}
"""Wire type -> bytes (https://protobuf.dev/programming-guides/encoding)."""


def read_signatures(meta_graph: memoryview) -> dict[str, SignatureDef]:
    """Signature by name, from bytes that TensorFlow wrote."""
    found = [bytes(meta_graph[start:end]) for number, start, end in _fields(meta_graph) if number == _SIGNATURES]
    return dict(MetaGraphDef.FromString(b"".join(found)).signature_def)


def _fields(data: memoryview) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each field, its tag included."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            _, at = _varint(data, at)
        elif kind == _LENGTH_DELIMITED:
            length, at = _varint(data, at)
            at += length
        else:
            at += _FIXED[kind]
        yield number, start, at


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
