"""The profile record: what a fetch knows of one account. None is unknown and is never written as 0 or ''."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from contracts.activity import Activity
from contracts.json_fields import (
    InvalidField,
    read_count,
    read_flag,
    read_object,
    read_text,
    read_time,
    write_time,
)
from contracts.platforms import Platform, is_account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One public profile at `fetched_at`.

    Counts are whole numbers as the platform gave them, texts as written ('' = known to be empty), times in UTC.
    The last block is shown as badges beside a result and never enters the model.
    """

    platform: Platform
    fetched_at: datetime
    id: str | None = None
    username: str | None = None
    display_name: str | None = None
    biography: str | None = None
    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    likes_given: int | None = None
    listed: int | None = None
    has_avatar: bool | None = None
    has_url: bool | None = None
    has_highlight_reels: bool | None = None
    private: bool | None = None
    created_at: datetime | None = None
    activity: Activity | None = None

    verified: bool | None = None
    verified_type: str | None = None
    parody: bool | None = None
    business: bool | None = None
    category: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Profile:
        """Read `to_json`'s form; an absent field is unknown. Raises InvalidField, which names the field."""
        record = read_object(value, "profile", _KNOWN)
        known = {name: READERS[name](item, name) for name, item in record.items() if item is not None}
        for name in ("platform", "fetched_at"):
            if name not in known:
                raise InvalidField(name, "a value")
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """A JSON object of every field; unknown is null."""
        record: dict[str, Any] = {}
        for name in PROFILE_FIELDS:
            value = getattr(self, name)
            if isinstance(value, datetime):
                value = write_time(value)
            elif isinstance(value, Activity):
                value = value.to_json()
            record[name] = value
        return record

    @property
    def facts_known(self) -> tuple[str, ...]:
        """Those of `MODEL_FACTS` that this record holds."""
        return tuple(name for name in MODEL_FACTS[self.platform] if getattr(self, name) is not None)


def _read_platform(value: Any, name: str) -> Platform:
    try:
        return Platform(value)
    except ValueError:
        raise InvalidField(name, f"one of {', '.join(Platform)}") from None


def _read_id(value: Any, name: str) -> str:
    if not isinstance(value, str) or not is_account_id(value):
        raise InvalidField(name, "a positive whole number of at most 19 digits, as text")
    return value


PROFILE_FIELDS = tuple(field.name for field in fields(Profile))
_KNOWN = frozenset(PROFILE_FIELDS)

READERS: dict[str, Callable[[Any, str], Any]] = {
    "platform": _read_platform,
    "fetched_at": read_time,
    "created_at": read_time,
    "id": _read_id,
    "username": partial(read_text, maximum=64),
    "display_name": partial(read_text, maximum=256),
    "biography": partial(read_text, maximum=4096),
    "verified_type": partial(read_text, maximum=32),
    "category": partial(read_text, maximum=128),
    "activity": lambda value, _: Activity.from_json(value),
    **dict.fromkeys(("followers", "following", "posts", "likes_given", "listed"), read_count),
    **dict.fromkeys(
        ("has_avatar", "has_url", "has_highlight_reels", "private", "verified", "parody", "business"),
        read_flag,
    ),
}
"""The strict reader of each field."""

_FACTS_OF_BOTH = ("username", "display_name", "biography", "followers", "following", "posts", "has_avatar", "has_url")
MODEL_FACTS = {
    Platform.X: (*_FACTS_OF_BOTH, "likes_given", "listed", "created_at"),
    Platform.INSTAGRAM: (*_FACTS_OF_BOTH, "has_highlight_reels", "activity"),
}
"""The facts of each platform that a fetch can give and the feature transform can read."""
