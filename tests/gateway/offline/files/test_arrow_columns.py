"""The columnar way gives the same numbers as one profile by itself, and leaves odd records to the other reader."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.columns import Columns
from contracts.features import normalize
from contracts.profile import Profile
from gateway.offline.documents import Format
from gateway.offline.files.arrow_columns import read_rows
from gateway.offline.files.chunks import Chunk
from gateway.offline.files.inputs import Input
from gateway.offline.record import read_record, to_columns
from tests.contracts.test_features import profiles

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LINES = Input(Path("a.jsonl"), "a.jsonl", Format.JSONL)


def chunk(*lines: Any, first_line: int = 1) -> Chunk:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return Chunk(LINES, first_line, b"\n".join(texts) + b"\n")


def alone(*values: Any) -> np.ndarray:
    return np.concatenate([normalize(to_columns([read_record(value, NOW)])) for value in values])


@settings(max_examples=60, deadline=None)
@given(st.lists(profiles, min_size=1, max_size=8))
def test_profiles_give_the_numbers_that_each_gives_by_itself(many: list[Profile]) -> None:
    rows, refused = read_rows(chunk(*(profile.to_json() for profile in many)), NOW)
    assert refused == []
    assert rows.lines.tolist() == list(range(1, len(many) + 1))
    np.testing.assert_array_equal(rows.features, normalize(Columns.from_profiles(many)))


USER = {
    "id": "7", "username": "reg_a", "name": "A \u00e9", "description": "tea", "url": "",
    "created_at": "2020-01-01T00:00:00.000Z",
    "public_metrics": {"followers_count": 1, "following_count": 2, "tweet_count": 3, "listed_count": 4},
    "profile_image_url": "https://pbs.twimg.invalid/1.png", "entities": {"url": {}},
}  # fmt: skip


def test_users_of_xs_api_give_the_same_numbers() -> None:
    others = [
        USER,
        {**USER, "url": "https://t.invalid"},
        {"id": "8", "username": "b", "name": "B"},
        {**USER, "url": None},
    ]
    rows, refused = read_rows(chunk(*others), NOW)
    assert refused == []
    assert rows.ids.to_pylist() == ["7", "7", "8", "7"]
    np.testing.assert_array_equal(rows.features, alone(*others))


def test_shapes_may_stand_beside_each_other() -> None:
    values = [
        {"platform": "x", "followers": 1},
        USER,
        {"username": "c", "full_name": "C"},
        {"platform": "x", "posts_seen": 3},
    ]
    for order in (values, values[1:], values[::-1]):
        rows, refused = read_rows(chunk(*order), NOW)
        assert refused == []
        np.testing.assert_array_equal(rows.features, alone(*order))


def test_odd_records_are_read_after_all_or_refused_by_their_lines() -> None:
    good = {"platform": "x", "id": "1", "username": "reg_a", "followers": 3, "has_url": True}
    odd: list[Any] = [
        good, {**good, "followers": 3.0}, {**good, "followers": -1}, b"no json", {**good, "has_url": 1}, b"",
        {**good, "username": "a" * 65}, {"platform": "y"}, {**good, "id": 5}, b'{"platform": "x", "username": "\xff"}',
        {**good, "location_share": 1.5}, b'{"platform": "x", "location_share": NaN}', good,
    ]  # fmt: skip
    rows, refused = read_rows(chunk(*odd, first_line=11), NOW)
    assert rows.lines.tolist() == [11, 12, 15, 19, 22, 23]
    assert {each.line: each.error.split(":")[0] for each in refused} == {
        13: "followers", 14: "That is no JSON object on one line.", 17: "username", 18: "platform",
        20: "That is no JSON object on one line.", 21: "location_share",
    }  # fmt: skip
    readable = [
        json.loads(odd[line - 11]) if isinstance(odd[line - 11], bytes) else odd[line - 11] for line in rows.lines
    ]
    np.testing.assert_array_equal(rows.features, alone(*readable))


def test_one_odd_record_does_not_slow_down_the_others() -> None:
    lines: list[Any] = [{"platform": "x", "followers": number} for number in range(5000)]
    lines[3777] = {"platform": "x", "followers": "3.0"}
    rows, refused = read_rows(chunk(*lines), NOW)
    assert (len(rows.lines), refused) == (5000, [])
    assert rows.lines.tolist() == list(range(1, 5001))


HEADER = (
    "platform",
    "row_id",
    "username",
    "biography",
    "biography_length",
    "followers",
    "has_avatar",
    "location_share",
)


def table(*rows: tuple[str, ...]) -> Chunk:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return Chunk(Input(Path("a.csv"), "a.csv", Format.CSV), 2, text.getvalue().encode(), HEADER)


def test_csv_gives_the_same_numbers_and_the_lines_of_its_file() -> None:
    rows = [
        ("x", "a1", "reg_a", "two\nlines, and \u00e9", "", "1200.0", "1", ""),
        ("instagram", "a2", "", "", "0", "3", "True", "0.25"),
        ("instagram", "a3", "", "", "", "", "", ""),
        ("x", "a4", "b", "", "12", "-3", "0", ""),
    ]
    found, refused = read_rows(table(*rows), NOW)
    assert found.lines.tolist() == [2, 4, 5]
    assert found.ids.to_pylist() == ["a1", "a2", "a3"]
    assert [(each.line, each.error.split(":")[0]) for each in refused] == [(6, "followers")]
    values = [{name: cell for name, cell in zip(HEADER, row, strict=True) if cell} for row in rows[:3]]
    np.testing.assert_array_equal(found.features, alone(*values))


def test_a_csv_line_with_too_few_cells_is_refused_alone() -> None:
    found, refused = read_rows(table(("x", "a", "b", "", "", "1", "", ""), ("x", "short")), NOW)
    assert found.lines.tolist() == [2]
    assert [(each.line, each.error) for each in refused] == [(3, "The line has 2 cells, the header has 8.")]
