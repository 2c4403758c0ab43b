"""The feature transform: bounded and finite whatever the profile, and blind to how many rows come at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.activity import ACTIVITY_FIELDS, Activity
from contracts.columns import NUMBER_COLUMNS, TEXT_COLUMNS, Columns
from contracts.features import FEATURE_NAMES, FEATURES, VALUE_NAMES, F, normalize, raw_values, round_counts
from contracts.json_fields import MAX_COUNT
from contracts.platforms import Platform
from contracts.profile import Profile

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
counts = st.none() | st.integers(0, MAX_COUNT)
flags = st.none() | st.booleans()
shares = st.none() | st.floats(0, 1)
amounts = st.none() | st.floats(0, 1e18)
activities = st.builds(
    Activity,
    posts_seen=st.integers(0, 50),
    **{
        name: shares if name.endswith("_share") or name == "caption_similarity_mean" else amounts
        for name in ACTIVITY_FIELDS[1:]
    },
)
profiles = st.builds(
    Profile,
    platform=st.sampled_from(Platform),
    fetched_at=st.just(NOON),
    created_at=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    username=st.none() | st.text(max_size=64),
    display_name=st.none() | st.text(max_size=64),
    biography=st.none() | st.text(max_size=200),
    followers=counts,
    following=counts,
    posts=counts,
    likes_given=counts,
    listed=counts,
    has_avatar=flags,
    has_url=flags,
    has_highlight_reels=flags,
    activity=st.none() | activities,
)


@given(st.lists(profiles, max_size=5))
def test_whatever_the_profile_the_tensor_is_finite_and_bounded(many: list[Profile]) -> None:
    tensor = normalize(Columns.from_profiles(many))
    assert tensor.shape == (len(many), F)
    assert tensor.dtype == np.float32
    assert np.isfinite(tensor).all()
    assert (np.abs(tensor) <= 1).all()


@given(
    st.dictionaries(
        st.sampled_from(NUMBER_COLUMNS),
        st.floats(allow_nan=True, allow_infinity=True),
    )
)
def test_whatever_a_source_puts_into_a_column_the_tensor_is_finite_and_bounded(row: dict[str, float]) -> None:
    columns = Columns.of(
        {"platform": np.array(["x"], object)}, {name: np.array([value]) for name, value in row.items()}
    )
    tensor = normalize(columns)
    assert np.isfinite(tensor).all()
    assert (np.abs(tensor) <= 1).all()


@given(st.lists(profiles, min_size=1, max_size=5))
def test_one_profile_is_a_batch_of_one(many: list[Profile]) -> None:
    together = normalize(Columns.from_profiles(many))
    alone = np.concatenate([normalize(Columns.from_profiles([profile])) for profile in many])
    np.testing.assert_array_equal(together, alone)


@given(profiles, st.sampled_from([True, False]), st.sampled_from(["blue", "business", None]), st.booleans())
def test_badges_and_privacy_never_enter(profile: Profile, flag: bool, verified_type: str | None, private: bool) -> None:
    other = replace(
        profile,
        verified=flag,
        verified_type=verified_type,
        private=private,
        parody=flag,
        business=flag,
    )
    np.testing.assert_array_equal(
        normalize(Columns.from_profiles([profile])), normalize(Columns.from_profiles([other]))
    )


def aged(days: float, fetched_at: datetime = NOON) -> Profile:
    return Profile(
        platform=Platform.X, fetched_at=fetched_at, created_at=fetched_at - timedelta(days=days), followers=999
    )


def test_the_age_enters_and_no_date_does() -> None:
    here = normalize(Columns.from_profiles([aged(99.5)]))
    np.testing.assert_array_equal(here, normalize(Columns.from_profiles([aged(99.5, NOON.replace(year=2014))])))
    raw = raw_values(Columns.from_profiles([aged(99.5)]))
    assert raw["account_age"][0] == 2
    assert raw["followers_per_day"][0] == 1


@pytest.mark.parametrize("days", [-1, 12 * 365.25 + 1, 9000])
def test_an_age_that_no_account_of_the_data_had_is_unknown(days: float) -> None:
    raw = raw_values(Columns.from_profiles([aged(days)]))
    assert np.isnan(raw["account_age"][0])
    assert np.isnan(raw["followers_per_day"][0])


def test_nothing_known_leaves_only_the_platform() -> None:
    tensor = normalize(Columns.from_profiles([Profile(platform=Platform.X, fetched_at=NOON)]))[0]
    known = dict(zip(FEATURE_NAMES, tensor, strict=True))
    assert [name for name in VALUE_NAMES if known[f"{name}_known"]] == ["is_instagram"]


def test_zero_is_known_and_unknown_is_not_zero() -> None:
    zero, unknown = normalize(
        Columns.from_profiles(
            [
                Profile(platform=Platform.X, fetched_at=NOON, followers=0),
                Profile(platform=Platform.X, fetched_at=NOON),
            ]
        )
    )
    mask = FEATURE_NAMES.index("followers_known")
    assert zero[mask] == 1
    assert unknown[mask] == 0


def test_counts_are_rounded_as_platforms_show_them() -> None:
    assert round_counts(np.array([0, 7, 999, 1234, 1250, 98765, 10**9])).tolist() == [
        *(0, 7, 999, 1200, 1200, 99000, 10**9),
    ]


def test_raw_values_are_in_the_units_a_person_is_shown() -> None:
    raw = raw_values(Columns.from_profiles([Profile(platform=Platform.X, fetched_at=NOON, followers=999)]))
    assert raw["followers"][0] == 3
    assert np.isnan(raw["following"][0])


def test_every_feature_is_documented_and_reads_columns_that_exist() -> None:
    assert len(set(FEATURE_NAMES)) == F
    for feature in FEATURES:
        assert feature.unit
        assert feature.formula
        assert set(feature.source) <= {*NUMBER_COLUMNS, *TEXT_COLUMNS}
