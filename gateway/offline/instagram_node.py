"""Instagram's node of a user, as web_profile_info holds it and Instaloader keeps it, newest posts included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.activity import Activity, Post, summarize
from contracts.json_fields import InvalidField
from contracts.profile import Profile
from gateway.offline import flat_record

_MARKS = frozenset(
    ["edge_followed_by", "edge_owner_to_timeline_media", "follower_count", "full_name", "is_private", "pk"]
)
_ANONYMOUS_PICTURE = "44884218_345707102882519_2446069589734326272_n"
"""The file name of the grey head that Instagram shows for an account without a picture."""
_COUNTS = {
    "followers": ("edge_followed_by", "follower_count"),
    "following": ("edge_follow", "following_count"),
    "posts": ("edge_owner_to_timeline_media", "media_count"),
}


def is_one(value: Mapping[str, Any]) -> bool:
    """Whether `value` has what only Instagram's nodes have."""
    return "username" in value and not _MARKS.isdisjoint(value)


def read(value: Mapping[str, Any], now: datetime) -> tuple[Profile, str | None, dict[str, float]]:
    """As flat_record.read; raises InvalidField."""
    picture = value.get("profile_pic_url_hd") or value.get("profile_pic_url")
    highlights = value.get("highlight_reel_count")
    activity = _activity(value)
    return flat_record.read(
        {
            "platform": "instagram",
            "id": value.get("id") or value.get("pk"),
            "username": value.get("username"),
            "display_name": value.get("full_name"),
            "biography": value.get("biography"),
            **{name: _count(value, *places) for name, places in _COUNTS.items()},
            "has_avatar": None if not picture else _ANONYMOUS_PICTURE not in str(picture),
            "has_url": bool(value["external_url"]) if "external_url" in value else None,
            "has_highlight_reels": None if not isinstance(highlights, int) else highlights > 0,
            "activity": None if activity is None else activity.to_json(),
        },
        now,
    )


def _count(value: Mapping[str, Any], edge: str, plain: str) -> Any:
    held = value.get(edge)
    return held.get("count") if isinstance(held, dict) else value.get(plain)


def _activity(value: Mapping[str, Any]) -> Activity | None:
    timeline = value.get("edge_owner_to_timeline_media")
    if not isinstance(timeline, dict) or not isinstance(timeline.get("edges"), list) or value.get("is_private"):
        return None
    if not timeline["edges"] and timeline.get("count"):
        return None  # The account has posts and they were kept from whoever collected this: unknown, not none.
    try:
        return summarize([_post(edge["node"]) for edge in timeline["edges"]])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise InvalidField("edge_owner_to_timeline_media", "posts as Instagram's web gives them") from None


def _post(node: Mapping[str, Any]) -> Post:
    captions = (node.get("edge_media_to_caption") or {}).get("edges")
    caption = None if captions is None else "".join(str(edge["node"]["text"]) for edge in captions[:1])
    return Post(
        created_at=datetime.fromtimestamp(node["taken_at_timestamp"], UTC),
        likes=_whole(node, "edge_liked_by" if "edge_liked_by" in node else "edge_media_preview_like"),
        comments=_whole(node, "edge_media_to_comment"),
        caption=caption,
        has_location=node["location"] is not None if "location" in node else None,
        is_image=node["__typename"] == "GraphImage" if "__typename" in node else None,
        comments_disabled=None if node.get("comments_disabled") is None else bool(node["comments_disabled"]),
    )


def _whole(node: Mapping[str, Any], edge: str) -> int | None:
    held = node.get(edge)
    count = held.get("count") if isinstance(held, dict) else None
    return None if count is None else int(count)
