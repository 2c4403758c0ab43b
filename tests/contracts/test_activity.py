"""The statistics of recent posts follow the definitions of the labelled data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.activity import MAX_POSTS, Activity, Post, summarize

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
POSTS = [
    Post(NOON, likes=10, comments=0, caption="Giveaway! #one #two", has_location=True, is_image=True),
    Post(NOON - timedelta(hours=2), likes=20, comments=4, caption="follow me", has_location=False, is_image=False),
    Post(NOON - timedelta(hours=8), likes=60, comments=2, caption="", has_location=False, is_image=True),
]


def test_statistics_are_those_of_the_datasheet() -> None:
    activity = summarize(POSTS)
    assert activity.posts_seen == 3
    assert activity.likes_per_post_mean == 30
    assert activity.likes_per_post_median == 20
    assert activity.likes_per_post_std == pytest.approx(21.602469)
    assert activity.hours_between_posts_mean == 4
    assert activity.location_share == pytest.approx(1 / 3)
    assert activity.non_image_share == pytest.approx(1 / 3)
    assert activity.hashtags_per_post_mean == pytest.approx(2 / 3)
    assert activity.caption_near_empty_share == pytest.approx(1 / 3)
    assert activity.promo_keywords_per_post == pytest.approx(1 / 3)
    assert activity.follow_keywords_per_post == pytest.approx(1 / 3)
    assert activity.caption_similarity_mean == 0


def test_the_order_of_the_posts_does_not_matter() -> None:
    assert summarize(POSTS[::-1]) == summarize(POSTS)


def test_what_no_post_tells_is_unknown() -> None:
    activity = summarize([Post(NOON)])
    assert activity == Activity(posts_seen=1)


def test_no_posts_is_known_to_be_none() -> None:
    assert summarize([]) == Activity(posts_seen=0)


def test_equal_captions_are_wholly_similar() -> None:
    posts = [Post(NOON + timedelta(hours=hour), caption="buy now") for hour in range(3)]
    assert summarize(posts).caption_similarity_mean == pytest.approx(1)


def test_only_the_newest_posts_are_read() -> None:
    posts = [Post(NOON - timedelta(hours=hour), likes=hour) for hour in range(MAX_POSTS + 20)]
    activity = summarize(posts)
    assert activity.posts_seen == MAX_POSTS
    assert activity.likes_per_post_mean == (MAX_POSTS - 1) / 2


@given(
    st.lists(
        st.builds(
            Post,
            st.datetimes(timezones=st.just(UTC)),
            likes=st.none() | st.integers(0, 10**9),
            comments=st.none() | st.integers(0, 10**9),
            caption=st.none() | st.text(max_size=30),
            has_location=st.none() | st.booleans(),
        ),
        max_size=8,
    )
)
def test_any_posts_give_a_record_that_reads_back(posts: list[Post]) -> None:
    activity = summarize(posts)
    assert Activity.from_json(activity.to_json()) == activity
