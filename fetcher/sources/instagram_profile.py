"""Instagram's user node, as its web application gets it, as our record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.activity import Post, summarize
from contracts.platforms import Platform, is_account_id
from contracts.profile import Profile
from fetcher.sources.readable_profile import readable_profile

_ANONYMOUS_PICTURE = "44884218_345707102882519_2446069589734326272_n"
"""The file name of the grey head that Instagram shows for an account without a picture."""


def read_profile(node: Mapping[str, Any]) -> Profile:
    """`node` in the form of Instaloader's Profile; what it does not hold is unknown, and is not asked for again.

    Raises KeyError, TypeError and the like where the node is no profile.
    """
    account_id = str(node.get("id") or node.get("pk") or "")
    picture = node.get("profile_pic_url_hd") or node.get("profile_pic_url")
    highlights = node.get("highlight_reel_count")
    now = datetime.now(UTC)
    return readable_profile(
        platform=Platform.INSTAGRAM,
        fetched_at=now,
        id=account_id if is_account_id(account_id) else None,
        username=str(node["username"]),
        display_name=node.get("full_name"),
        biography=node.get("biography"),
        followers=_count(node, "edge_followed_by"),
        following=_count(node, "edge_follow"),
        posts=_count(node, "edge_owner_to_timeline_media"),
        has_avatar=None if not picture else _ANONYMOUS_PICTURE not in picture,
        has_url=bool(node["external_url"]) if "external_url" in node else None,
        has_highlight_reels=None if highlights is None else highlights > 0,
        private=node.get("is_private"),
        activity=_read_posts(node),
        verified=node.get("is_verified"),
        business=node.get("is_business_account"),
        category=node.get("business_category_name") or None,
    )


def _count(node: Mapping[str, Any], edge: str) -> int | None:
    held = node.get(edge)
    return held.get("count") if isinstance(held, dict) else None


def _read_posts(node: Mapping[str, Any]) -> Any:
    timeline = node.get("edge_owner_to_timeline_media")
    if not isinstance(timeline, dict) or "edges" not in timeline or node.get("is_private"):
        return None
    if not timeline["edges"] and timeline.get("count"):
        return None  # The account has posts and they were kept from us: unknown, not none.
    return summarize([_read_post(edge["node"]) for edge in timeline["edges"]])


def _read_post(node: Mapping[str, Any]) -> Post:
    captions = (node.get("edge_media_to_caption") or {}).get("edges")
    caption = None if captions is None else "".join(edge["node"]["text"] for edge in captions[:1])
    return Post(
        created_at=datetime.fromtimestamp(node["taken_at_timestamp"], UTC),
        likes=_count(node, "edge_liked_by") if "edge_liked_by" in node else _count(node, "edge_media_preview_like"),
        comments=_count(node, "edge_media_to_comment"),
        caption=caption,
        has_location=node["location"] is not None if "location" in node else None,
        is_image=node["__typename"] == "GraphImage" if "__typename" in node else None,
        comments_disabled=node.get("comments_disabled"),
    )
