from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.local_server.errors import InvalidArgument
from serving.local_server.json_reader import _read_slowly, debug_text, read_json


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The document is empty"),
        ("  ", "The document is empty. at offset: 2"),
        ("{", "Missing a name for object member. at offset: 1"),
        ('{"a"', "Missing a colon after a name of object member. at offset: 4"),
        ('{"a":', "Invalid value. at offset: 5"),
        ('{"a":1', "Missing a comma or } after an object member. at offset: 6"),
        ('{"a":1,}', "Missing a name for object member. at offset: 7"),
        ('{"a":[1', "Missing a comma or ] after an array element. at offset: 7"),
        ('{"a":tru}', "Invalid value. at offset: 5"),
        ('{"a":1.}', "Miss fraction part in number. at offset: 7"),
        ('{"a":1e}', "Miss exponent in number. at offset: 7"),
        ('{"a":"x', "Missing a closing quotation mark in string. at offset: 5"),
        ('{"a":"\\x"}', "Invalid escape character in string. at offset: 6"),
        ('{"a":"\\u12g4"}', "Incorrect hex digit after \\u escape in string. at offset: 6"),
        ('{"a":"\x01"}', "Invalid encoding in string. at offset: 6"),
    ],
)
def test_errors_name_reason_and_offset(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_json(text.encode())
    assert refused.value.message == f"JSON Parse error: {reason}"


def test_numbers_that_json_does_not_know_are_read() -> None:
    read = read_json(b'{"a": [NaN, Infinity, -Infinity, Inf, -Inf, 1e5]}')["a"]
    assert math.isnan(read[0])
    assert read[1:] == [math.inf, -math.inf, math.inf, -math.inf, 1e5]


def test_first_document_counts_and_the_rest_is_ignored() -> None:
    assert read_json(b' {"a": 1} {"b": 2}') == {"a": 1}


def test_values_in_messages_are_cut_at_256_bytes() -> None:
    assert len(debug_text("x" * 1000)) == 256


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES, st.booleans())
def test_slow_reader_agrees_with_pythons(value: object, ascii_only: bool) -> None:
    assert _read_slowly(json.dumps(value, ensure_ascii=ascii_only)) == value
