"""Single records of every shape: what they become, and the sentence for what they are not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from contracts.platforms import Platform
from gateway.offline.record import InvalidRecord, Record, read_record, to_columns

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def read(value: Any) -> Record:
    return read_record(value, NOW)


def test_our_own_record_keeps_its_facts() -> None:
    record = read(
        {"platform": "x", "id": "42", "username": "reg_maple", "followers": 7, "has_url": False, "listed": None}
    )
    profile = record.profile
    assert (record.id, profile.username, profile.followers, profile.has_url) == ("42", "reg_maple", 7, False)
    assert profile.listed is None
    assert profile.fetched_at == NOW


def test_labelled_columns_are_read_as_texts_and_with_their_measures() -> None:
    record = read(
        {"platform": "instagram", "row_id": "ab12", "label": "fake", "source": "s", "followers": "1200.0",
         "has_avatar": "1", "biography_length": "0", "username_length": "9", "likes_per_post_mean": "3.5",
         "collected_at": "2019-05-01", "like_rate_percent": ""}
    )  # fmt: skip
    assert record.id == "ab12"
    assert record.profile.followers == 1200
    assert record.profile.has_avatar is True
    assert record.profile.biography == ""
    assert record.profile.fetched_at == datetime(2019, 5, 1, tzinfo=UTC)
    columns = to_columns([record])
    assert columns.numbers["username_length"].tolist() == [9]
    assert columns.numbers["likes_per_post_mean"].tolist() == [3.5]
    assert np.isclose(columns.numbers["like_rate_percent"][0], 100 * 3.5 / 1200)


def test_a_user_of_xs_api_is_read() -> None:
    user = {
        "id": "42", "username": "bot_fern", "name": "Fern", "description": "", "url": "", "protected": False,
        "profile_image_url": "https://abs.twimg.invalid/sticky/default_profile_images/default_profile_normal.png",
        "public_metrics": {"followers_count": 1, "following_count": 2, "tweet_count": 3, "like_count": 5},
    }  # fmt: skip
    for value in (user, {"data": user}):
        profile = read(value).profile
        assert (profile.platform, profile.followers, profile.posts, profile.likes_given) == (Platform.X, 1, 3, 5)
        assert (profile.has_avatar, profile.has_url, profile.biography) == (False, False, "")


def test_a_node_of_instagram_is_read_with_its_posts() -> None:
    node = {
        "id": "42", "username": "inf_lark", "full_name": "Lark", "biography": "tea", "external_url": None,
        "edge_followed_by": {"count": 10}, "edge_follow": {"count": 2},
        "edge_owner_to_timeline_media": {
            "count": 1,
            "edges": [
                {"node": {"taken_at_timestamp": 17e8, "edge_liked_by": {"count": 5}, "__typename": "GraphVideo"}}
            ],
        },
    }  # fmt: skip
    for value in (node, {"data": {"user": node}}, {"node": node, "instaloader": {"node_type": "Profile"}}):
        profile = read(value).profile
        assert (profile.platform, profile.followers, profile.has_url) == (Platform.INSTAGRAM, 10, False)
        assert profile.activity is not None
        assert (profile.activity.posts_seen, profile.activity.likes_per_post_mean) == (1, 5)
        assert profile.activity.non_image_share == 1


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([1], "That is no JSON object."),
        ({"followers": 3}, "That names no platform."),
        ({"platform": "myspace"}, "platform: expected one of x, instagram."),
        ({"platform": ["x"]}, "platform: expected one of x, instagram."),
        ({"platform": "x", "followers": -1}, "followers: expected a whole number"),
        ({"platform": "x", "followers": 1.5}, "followers: expected a whole number"),
        ({"platform": "x", "followers": "many"}, "followers: expected a whole number"),
        ({"platform": "x", "has_url": "maybe"}, "has_url: expected true or false."),
        ({"platform": "x", "username": "a" * 65}, "username: expected a text of at most 64 characters."),
        ({"platform": "x", "username": "\ud800"}, "username: expected a text that is valid Unicode."),
        ({"platform": "x", "location_share": 2}, "location_share: expected a number from 0 to 1."),
        ({"platform": "x", "created_at": "soon"}, "created_at: expected an ISO 8601 time"),
        ({"platform": "x", "activity": {"likes": 1}}, "likes: expected no such field"),
        ({"username": "a", "name": "b", "public_metrics": 3}, "public_metrics: expected an object."),
        ({"username": "a", "pk": 1, "edge_owner_to_timeline_media": {"edges": [1]}}, "edge_owner_to_timeline_media:"),
    ],
)
def test_what_cannot_be_read_says_what_would_be_right(value: Any, sentence: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        read(value)
    assert str(caught.value).startswith(sentence)
