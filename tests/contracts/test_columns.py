"""Profiles as columns: measures and rates are filled in, and unknown stays unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from contracts.activity import Activity
from contracts.characters import Characters
from contracts.columns import NUMBER_COLUMNS, TEXT_COLUMNS, Columns
from contracts.features import normalize
from contracts.platforms import Platform
from contracts.profile import Profile

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PLATFORMS = np.array(["x", "instagram"], object)


def test_profiles_become_one_row_each_in_their_order() -> None:
    columns = Columns.from_profiles(
        [
            Profile(platform=Platform.X, fetched_at=NOON, username="inv42", followers=7, biography=""),
            Profile(platform=Platform.INSTAGRAM, fetched_at=NOON, activity=Activity(posts_seen=0), has_url=False),
        ]
    )
    assert len(columns) == 2
    assert columns.texts["platform"].tolist() == ["x", "instagram"]
    assert columns.numbers["username_length"][0] == 5
    assert columns.numbers["username_digits"][0] == 2
    assert columns.numbers["username_digit_share"][0] == pytest.approx(0.4)
    assert columns.numbers["biography_length"][0] == 0
    assert np.isnan(columns.numbers["biography_length"][1])
    assert np.isnan(columns.numbers["posts_seen"][0])
    assert columns.numbers["posts_seen"][1] == 0
    assert columns.numbers["has_url"][1] == 0


def test_every_column_is_there_whatever_the_source_had() -> None:
    columns = Columns.of({"platform": PLATFORMS}, {})
    assert set(columns.texts) == set(TEXT_COLUMNS)
    assert set(columns.numbers) == set(NUMBER_COLUMNS)
    assert np.isnan(columns.numbers["followers"]).all()


def test_a_measure_without_its_text_is_kept() -> None:
    columns = Columns.of({"platform": PLATFORMS}, {"username_length": np.array([9.0, np.nan])})
    assert columns.numbers["username_length"][0] == 9
    assert np.isnan(columns.numbers["username_length"][1])


def test_rates_are_computed_from_the_means_and_are_unknown_without_followers() -> None:
    columns = Columns.of(
        {"platform": PLATFORMS},
        {"likes_per_post_mean": np.array([5.0, 5.0]), "followers": np.array([100.0, 0.0])},
    )
    assert columns.numbers["like_rate_percent"][0] == 5
    assert np.isnan(columns.numbers["like_rate_percent"][1])


def test_a_rate_that_the_source_gives_is_kept() -> None:
    columns = Columns.of({"platform": PLATFORMS}, {"like_rate_percent": np.array([3.0, 4.0])})
    assert columns.numbers["like_rate_percent"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("texts", "numbers", "message"),
    [
        ({}, {}, "`platform` is needed"),
        ({"platform": PLATFORMS}, {"followers": np.ones(3)}, "'followers' has 3 rows"),
        ({"platform": PLATFORMS}, {"verified": np.ones(2)}, "no column 'verified'"),
    ],
)
def test_columns_that_do_not_fit_are_refused(texts: dict, numbers: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Columns.of(texts, numbers)


def test_texts_that_were_measured_before_give_the_same_numbers() -> None:
    names = ["été_2020", "", "٣٤ digits", "plain"]
    known = np.array([True, False, True, True])
    plain = np.array([name if is_known else None for name, is_known in zip(names, known, strict=True)], object)
    content = "".join(name for name in plain if name is not None).encode()
    length = np.array([0 if name is None else len(name) for name in plain])
    platforms = np.full(len(names), "x", object)
    measured = Columns.of({"platform": platforms}, {}, {"username": Characters.of_utf8(known, length, content)})
    np.testing.assert_array_equal(
        normalize(measured), normalize(Columns.of({"platform": platforms, "username": plain}, {}))
    )
    assert "username" not in measured.texts
