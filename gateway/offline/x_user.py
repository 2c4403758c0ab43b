"""X's user object of the API v2: https://docs.x.com/x-api/fundamentals/data-dictionary#user."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.json_fields import InvalidField
from contracts.profile import Profile
from gateway.offline import flat_record

METRICS = {
    "followers_count": "followers",
    "following_count": "following",
    "tweet_count": "posts",
    "like_count": "likes_given",
    "listed_count": "listed",
}
TEXTS = {"username": "username", "name": "display_name", "description": "biography"}
DEFAULT_PICTURE = "default_profile_images"


def is_one(value: Mapping[str, Any]) -> bool:
    """Whether `value` has what only X's user objects have."""
    return "public_metrics" in value or ("username" in value and ("name" in value or "description" in value))


def read(value: Mapping[str, Any], now: datetime) -> tuple[Profile, str | None, dict[str, float]]:
    """As flat_record.read; raises InvalidField."""
    metrics = value.get("public_metrics") or {}
    if not isinstance(metrics, dict):
        raise InvalidField("public_metrics", "an object")
    picture, url = (_text(value, name) for name in ("profile_image_url", "url"))
    return flat_record.read(
        {
            "platform": "x",
            "id": value.get("id"),
            "created_at": value.get("created_at"),
            **{ours: value.get(theirs) for theirs, ours in TEXTS.items()},
            **{ours: metrics.get(theirs) for theirs, ours in METRICS.items()},
            "has_avatar": None if picture is None else DEFAULT_PICTURE not in picture,
            "has_url": None if url is None else bool(url),
        },
        now,
    )


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise InvalidField(name, "a text")
    return text
