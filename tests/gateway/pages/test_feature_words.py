from __future__ import annotations

from math import isnan

import pytest

from contracts.activity import Activity
from contracts.columns import Columns
from contracts.features import VALUE_NAMES, raw_values
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.pages.feature_words import FEATURE_WORDS, feature_text, feature_title
from tests.gateway.fakes import profile_of

COLUMNS = Columns.from_profiles(
    [
        profile_of(
            ProfileRef(Platform.INSTAGRAM, handle="reg_maple"),
            followers=1_204_331,
            following=100,
            listed=None,
            activity=Activity(
                posts_seen=12, likes_per_post_mean=30_108.3, hours_between_posts_mean=72.0, location_share=0.25
            ),
        )
    ]
)


def text(name: str) -> str:
    raw = float(raw_values(COLUMNS)[name][0])
    return feature_text(name, None if isnan(raw) else raw, COLUMNS)


def test_every_feature_has_words() -> None:
    assert set(VALUE_NAMES) <= set(FEATURE_WORDS)


def test_what_is_absent_is_not_denied_twice() -> None:
    assert (feature_title("no_posts"), feature_text("no_posts", 1.0, COLUMNS)) == ("Any posts", "no")


def test_a_feature_without_words_goes_by_its_name() -> None:
    assert feature_title("posts_on_sundays") == "Posts on sundays"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("is_instagram", "Instagram"),
        ("followers", "1,204,331"),
        ("listed", "unknown"),
        ("has_avatar", "yes"),
        ("has_url", "no"),
        ("no_followers", "yes"),
        ("no_biography", "yes"),
        ("like_rate_percent", "2.5%"),
        ("hours_between_posts_mean", "3 days"),
        ("location_share", "25%"),
        ("username_length", "9"),
        ("biography_length", "25"),
    ],
)
def test_a_value_reads_as_it_was_read(name: str, expected: str) -> None:
    assert text(name) == expected


def test_a_value_that_was_computed_comes_out_of_its_logarithm() -> None:
    # 1,204,331 counts as 1,200,000, as platforms display it.
    assert text("followers_to_following") == "11,881"
