"""Instagram's web as Instaloader 4.16 calls it: web_profile_info, the profile page, the start page and GraphQL by id.

It sends no rate-limit headers. Its refusals: 429, 401 "please wait", 400 checkpoint, challenge or feedback, redirects
to the login and challenge pages, 404 for what does not exist or was suspended.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, request

from contracts.platforms import Platform, is_account_id
from fetcher.emulator.accounts import Account, Accounts
from fetcher.emulator.faults import Faults
from fetcher.emulator.misbehaviour import broken
from fetcher.emulator.posts import EmulatedPost
from fetcher.emulator.windows import Accounting

_HOST = "https://www.instagram.com"
_DEFAULT_PICTURE = "44884218_345707102882519_2446069589734326272_n.jpg"
_WAIT = "Please wait a few minutes before you try again."
_REFUSALS = {
    "checkpoint": (400, "checkpoint_required"),
    "challenge": (400, "challenge_required"),
    "feedback": (400, "feedback_required"),
    "please-wait": (401, _WAIT),
    "unauthorized": (401, "login_required"),
    "not-found": (404, ""),
}
_REDIRECTS = {"login-redirect": "/accounts/login/", "challenge-redirect": "/challenge/"}


def create_instagram(accounts: Accounts, accounting: Accounting, faults: Faults) -> Flask:
    """The application behind www.instagram.com."""
    app = Flask(__name__)

    def refuse(method: str) -> Response | None:
        """The refusal of this request, if it is refused; every request is counted."""
        fault = faults.take(method)
        if (response := broken(fault)) is not None:
            return response
        verdict = accounting.count(method, request.cookies.get("sessionid") or "anonymous")
        if not verdict.allowed or fault == "rate-limited":
            return _failure(429, _WAIT)
        return None if fault is None else _refused(fault)

    @app.get("/api/v1/users/web_profile_info/")
    def web_profile_info() -> Response:
        if (refusal := refuse("web_profile_info")) is not None:
            return refusal
        account = _shown(accounts, request.args.get("username", ""))
        if account is None:
            return _failure(404, "User not found")
        return jsonify(data={"user": _legacy_user(account)}, status="ok")

    @app.get("/<handle>/")
    def page(handle: str) -> Response:
        if (refusal := refuse("profile_page")) is not None:
            return refusal
        account = _shown(accounts, handle)
        if account is None:
            return make_response("<html><title>Page not found</title></html>", 404)
        return _page({"xig_user_by_username": _modern_user(account)})

    @app.get("/")
    def start() -> Response:
        if (refusal := refuse("start_page")) is not None:
            return refusal
        response = make_response('<html><script>["LSD",[],{"token":"emulated-lsd"}],"IG_USER_EIMU":"0"</script></html>')
        response.set_cookie("csrftoken", "emulated", domain="www.instagram.com")
        return response

    @app.post("/api/graphql")
    def graphql() -> Response:
        if (refusal := refuse("graphql_user")) is not None:
            return refusal
        try:
            account_id = str(json.loads(request.form["variables"])["id"])
        except (KeyError, ValueError, TypeError):
            return _failure(400, "invalid request")
        account = accounts.by_id(Platform.INSTAGRAM, account_id) if is_account_id(account_id) else None
        user = None if account is None or account.state in {"missing", "suspended"} else _modern_user(account)
        return jsonify(data={"user": user})

    return app


def _shown(accounts: Accounts, handle: str) -> Account | None:
    """The account, unless Instagram says that there is none: it does so for suspended ones as well."""
    if not Platform.INSTAGRAM.is_handle(handle):
        return None
    account = accounts.by_handle(Platform.INSTAGRAM, handle)
    return None if account.state in {"missing", "suspended"} else account


def _refused(fault: str) -> Response:
    if fault in _REDIRECTS:
        return make_response(redirect(f"{_HOST}{_REDIRECTS[fault]}?next=/"))
    status, message = _REFUSALS.get(fault, (400, "invalid request"))
    return _failure(status, message, **({"require_login": True} if status == 401 else {}))


def _failure(status: int, message: str, **fields: object) -> Response:
    return make_response(jsonify(message=message, status="fail", **fields), status)


def _legacy_user(account: Account) -> dict[str, Any]:
    """The node of web_profile_info."""
    posts = account.posts(datetime.now(UTC))
    timeline: dict[str, Any] = {"count": account.count("posts"), "edges": [_edge(post) for post in posts or []]}
    return {
        **_known(account),
        "id": account.id,
        "username": account.handle,
        "full_name": account.name,
        "edge_followed_by": {"count": account.count("followers")},
        "edge_follow": {"count": account.count("following")},
        "edge_owner_to_timeline_media": timeline,
        "edge_felix_video_timeline": {"count": 0, "edges": []},
        "is_private": account.private,
        "is_verified": account.flag("verified"),
        "is_business_account": account.label == "influencer",
        "business_category_name": None,
    }


def _modern_user(account: Account) -> dict[str, Any]:
    """The node of the profile page and of GraphQL, which hold no posts that could be read."""
    return {
        **_known(account),
        "pk": account.id,
        "id": f"page{account.id}",
        "username": account.handle,
        "full_name": account.name,
        "follower_count": account.count("followers"),
        "following_count": account.count("following"),
        "media_count": account.count("posts"),
        "is_private": account.private,
        "is_verified": account.flag("verified"),
        "is_business": account.label == "influencer",
        "category": None,
    }


def _known(account: Account) -> dict[str, Any]:
    """The fields that are shown only where the population has something to draw them from."""
    facts, fields = account.facts, dict[str, Any]()
    if account.biography is not None:
        fields["biography"] = account.biography
    if "has_url" in facts:
        fields["external_url"] = "https://link.invalid/demo" if account.flag("has_url") else None
    if "has_avatar" in facts:
        name = f"{account.id}_n.jpg" if account.flag("has_avatar") else _DEFAULT_PICTURE
        fields["profile_pic_url_hd"] = f"https://pictures.invalid/v/t51.2885-19/{name}"
    if "has_highlight_reels" in facts:
        fields["highlight_reel_count"] = int(account.flag("has_highlight_reels"))
    return fields


def _edge(post: EmulatedPost) -> dict[str, Any]:
    return {
        "node": {
            "__typename": "GraphImage" if post.is_image else "GraphVideo",
            "taken_at_timestamp": int(post.taken_at.timestamp()),
            "edge_liked_by": {"count": post.likes},
            "edge_media_to_comment": {"count": post.comments},
            "edge_media_to_caption": {"edges": [{"node": {"text": post.caption}}] if post.caption else []},
            "location": {"id": "1", "name": "Invented place"} if post.has_location else None,
            "comments_disabled": False,
        }
    }


def _page(data: dict[str, Any]) -> Response:
    embedded = {"require": [["ScheduledServerJS", [{"__bbox": {"result": {"data": data}}}]]]}
    text = json.dumps(embedded).replace("<", "\\u003c")
    return make_response(f'<html><script type="application/json" data-sjs>{text}</script></html>')
