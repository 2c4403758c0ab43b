"""The profile record: JSON both ways, and checks that name the bad field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from contracts.activity import Activity
from contracts.json_fields import InvalidField
from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS, PROFILE_FIELDS, Profile

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FULL = Profile(
    platform=Platform.INSTAGRAM,
    fetched_at=NOON,
    id="123",
    username="in.vented",
    display_name="In Vented",
    biography="",
    followers=0,
    following=10,
    posts=3,
    likes_given=None,
    has_avatar=True,
    has_url=False,
    private=False,
    created_at=datetime(2019, 5, 1, tzinfo=UTC),
    activity=Activity(posts_seen=3, likes_per_post_mean=1.5, location_share=0.0),
    business=True,
    category="Invented goods",
)
LEAST: dict[str, Any] = {"platform": "x", "fetched_at": "2026-01-31T12:00:00Z"}


def test_a_profile_survives_json() -> None:
    assert Profile.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL


def test_json_names_every_field_and_unknown_is_null() -> None:
    record = Profile(platform=Platform.X, fetched_at=NOON).to_json()
    assert set(record) == set(PROFILE_FIELDS)
    assert record["followers"] is None


def test_an_absent_field_is_unknown_and_not_zero() -> None:
    profile = Profile.from_json(LEAST)
    assert profile.followers is None
    assert profile.biography is None


def test_a_time_with_an_offset_becomes_utc() -> None:
    profile = Profile.from_json(LEAST | {"created_at": "2019-05-01T02:00:00+02:00"})
    assert profile.created_at == datetime(2019, 5, 1, tzinfo=UTC)
    assert profile.created_at.utcoffset() == timedelta(0)
    east = Profile(platform=Platform.X, fetched_at=NOON.astimezone(timezone(timedelta(hours=9))))
    assert east.to_json()["fetched_at"] == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("followers", -1),
        ("followers", 1.5),
        ("followers", True),
        ("followers", "7"),
        ("followers", 2**63),
        ("private", 1),
        ("private", "true"),
        ("username", 7),
        ("username", "x" * 65),
        ("biography", "\ud800"),
        ("id", "007"),
        ("id", 7),
        ("platform", "myspace"),
        ("platform", ["x"]),
        ("fetched_at", "yesterday"),
        ("fetched_at", "2026-01-31T12:00:00"),
        ("created_at", 1234567890),
        ("created_at", "0001-01-01T00:00:00+23:00"),
        ("activity", []),
        ("activity", {"posts_seen": -1}),
        ("activity", {"posts_seen": 1, "location_share": 1.5}),
        ("activity", {"posts_seen": 1, "likes_per_post_mean": float("nan")}),
        ("activity", {"posts_seen": 1, "likes": 2}),
        ("nonsense", 1),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidField) as caught:
        Profile.from_json(LEAST | {field: value})
    assert caught.value.field.startswith((field, "likes"))


@pytest.mark.parametrize("field", ["platform", "fetched_at"])
def test_what_every_profile_has_must_be_there(field: str) -> None:
    with pytest.raises(InvalidField, match=field):
        Profile.from_json({name: value for name, value in LEAST.items() if name != field})


@pytest.mark.parametrize("value", [None, [], "profile", 3])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(InvalidField, match="an object"):
        Profile.from_json(value)


def test_known_facts_are_those_of_the_platform() -> None:
    assert "listed" not in MODEL_FACTS[Platform.INSTAGRAM]
    assert FULL.facts_known == tuple(name for name in MODEL_FACTS[Platform.INSTAGRAM] if name != "has_highlight_reels")
