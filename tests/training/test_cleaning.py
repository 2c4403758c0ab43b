"""Rows that cannot be trusted are dropped and counted; values that cannot be become unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.cleaning import clean

GOOD = {
    "platform": "x",
    "source": "invented",
    "label": "bot",
    "username": "kalo7",
    "display_name": "Kalo",
    "biography": "tea",
    "followers": "10",
    "following": "20",
    "posts": "30",
}


def frame(*changes: dict[str, str]) -> pd.DataFrame:
    from contracts.columns import NUMBER_COLUMNS

    empty = dict.fromkeys(("created_at", "collected_at", *NUMBER_COLUMNS), "")
    return pd.DataFrame(
        [{**empty, "row_id": f"{index:016x}", **GOOD, **change} for index, change in enumerate(changes)]
    )


def test_good_row_stays_as_it_is() -> None:
    cleaned = clean(frame({}))
    row = cleaned.frame.iloc[0]
    assert (row["followers"], row["username"], row["biography"]) == (10, "kalo7", "tea")
    assert sum(cleaned.dropped.values()) == 0


def test_rows_are_dropped_by_reason() -> None:
    cleaned = clean(
        frame(
            {},
            {"platform": "elsewhere"},
            {"label": "human"},
            {"row_id": "7"},
            {"row_id": f"{0:016x}"},
            {"followers": "", "following": "", "posts": ""},
        )
    )
    assert len(cleaned.frame) == 1
    assert cleaned.dropped == {
        "unknown platform": 1,
        "unknown class": 1,
        "no row_id": 1,
        "repeated row_id": 1,
        "no counts": 1,
    }


def test_the_age_is_taken_from_dates_that_go_no_further() -> None:
    dates = {"created_at": "2019-01-01", "collected_at": "2019-01-11T12:00:00Z"}
    table = clean(frame(dates, {"created_at": "2019-02-01", "collected_at": "2019-01-01"}, {})).frame
    assert table["account_age_days"].fillna(-1).tolist() == [10.5, -1, -1]
    assert not {"created_at", "collected_at"} & set(table.columns)


def test_impossible_numbers_become_unknown() -> None:
    changes = {"followers": "-1", "posts": "many", "has_avatar": "2", "location_share": "1.5", "listed": "inf"}
    row = clean(frame(changes)).frame.iloc[0]
    assert all(np.isnan(row[name]) for name in changes)


def test_empty_text_is_unknown_but_for_a_biography_of_known_length_zero() -> None:
    rows = clean(frame({"username": "", "biography": ""}, {"biography": "", "biography_length": "0"})).frame
    assert rows["username"].isna().tolist() == [True, False]
    assert rows["biography"].isna().tolist() == [True, False]
    assert rows["biography"][1] == ""


def test_a_user_called_null_is_no_missing_name() -> None:
    assert clean(frame({"username": "null"})).frame["username"].tolist() == ["null"]
