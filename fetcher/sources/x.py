"""X through Tweepy's Client: up to 100 names or ids to a request, one outcome for each.

API: https://docs.x.com/x-api/users/user-lookup-by-usernames. Tweepy only sends here: it raises on refusals, and never
waits, because the rate-limit handler owns all waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import tweepy

from contracts.fetch_api import Outcome
from contracts.platforms import Platform, is_account_id
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from fetcher.errand import Errand
from fetcher.errors import ForeignHost, Refused
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.state import Reason
from fetcher.sources.bearer_token import BearerToken
from fetcher.sources.readable_profile import readable_profile
from fetcher.sources.results import Found, waiting
from fetcher.sources.transport import Exchange, Line, Site, exchange, limited_session

MOST = 100
"""Accounts to a request."""
USER_FIELDS = (
    "created_at,description,entities,location,pinned_tweet_id,profile_banner_url,profile_image_url,protected,"
    "public_metrics,url,verified,verified_type,subscription_type,verified_followers_count,parody,is_identity_verified,"
    "withheld"
)
_DEFAULT_PICTURE = "default_profile_images"
_UNREADABLE = (
    tweepy.TweepyException,
    requests.RequestException,
    ForeignHost,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)
"""What Tweepy, requests and json raise at answers that are none; json.loads the last, where lists lie in lists."""
_REASONS = {
    AnswerKind.RATE_LIMITED: Reason.RATE_LIMITED,
    AnswerKind.USAGE_CAPPED: Reason.BUDGET,
    AnswerKind.NOT_IN_PLAN: Reason.NOT_IN_PLAN,
    AnswerKind.BLOCKED: Reason.BLOCKED,
}


class XSource:
    """Looks accounts up on X with one app's bearer token."""

    platform = Platform.X
    most = MOST

    def __init__(self, token: BearerToken, line: Line) -> None:
        self.credential = token.name
        self._line = line
        self._token = token
        self._client = tweepy.Client(token.current(), return_type=requests.Response, wait_on_rate_limit=False)
        session = limited_session(self._client.session, SITE, line, self.credential)
        # X's interface sends nobody elsewhere; what does stands in its place, and each step would count as a request.
        session.max_redirects = 0

    def health(self) -> list[dict[str, Any]]:
        """X has one way to each lookup, so there is no breaker."""
        return []

    def method(self, *, by_handle: bool) -> str:
        """The name of the lookup in limits.toml."""
        return "users_by_username" if by_handle else "users_by_id"

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> dict[ProfileRef, Found]:
        """An outcome for each of at most 100 `refs`, which are all handles or all ids. Raises StoreUnavailable.

        Activity is not asked for: X's part of it is not among the facts that the model reads.
        """
        with exchange(tuple(ref.key for ref in refs), errand, self._line) as current:
            try:
                response = self._ask(refs)
                return _read_users(refs, response.json(), current.method, datetime.now(UTC))
            except Refused as refusal:
                return dict.fromkeys(refs, waiting(self.platform, refusal.reason, refusal.until))
            except _UNREADABLE:
                return dict.fromkeys(refs, self._explain(current))

    def _ask(self, refs: Sequence[ProfileRef]) -> requests.Response:
        # Tweepy reads it at each request.
        self._client.bearer_token = self._token.current()
        if refs[0].handle is not None:
            names = [ref.handle for ref in refs]
            response: requests.Response = self._client.get_users(usernames=names, user_fields=USER_FIELDS)
        else:
            response = self._client.get_users(ids=[ref.id for ref in refs], user_fields=USER_FIELDS)
        return response

    def _explain(self, current: Exchange) -> Found:
        """Why the last answer held no users."""
        method = current.method
        if current.last is None:
            return Found(outcome=Outcome.UPSTREAM_ERROR, detail="X gave no answer, or none in time.", method=method)
        kind, status = read_answer(current.last).kind, current.last.status_code
        if kind in _REASONS:
            until = self._line.handler.free_at(self.platform, str(method), self.credential)
            return waiting(self.platform, _REASONS[kind], until, method)
        if status == 401:
            return Found(outcome=Outcome.LOGIN_REQUIRED, detail="X refused the bearer token.", method=method)
        detail = f"X answered with an error ({status})." if status >= 400 else "X gave an answer that cannot be read."
        return Found(outcome=Outcome.UPSTREAM_ERROR, detail=detail, method=method)


def read_answer(response: requests.Response) -> Answer:
    """What an answer of X means for the limits."""
    headers = response.headers
    return Answer(
        kind=_kind(response),
        limit=_whole(headers.get("x-rate-limit-limit")),
        remaining=_whole(headers.get("x-rate-limit-remaining")),
        reset=_whole(headers.get("x-rate-limit-reset")),
        server_time=read_date(headers.get("date")),
        retry_after_s=_whole(headers.get("retry-after")),
        billed=_billed(response),
    )


def _billed(response: requests.Response) -> int | None:
    """Each account that an answer holds is charged for; an error holds none; an unreadable answer does not tell."""
    if response.status_code != 200:
        return 0 if response.status_code < 500 else None
    try:
        users = response.json().get("data", [])
    except (ValueError, AttributeError, RecursionError):
        return None
    return len(users) if isinstance(users, list) else None


def read_date(text: str | None) -> float | None:
    """A Date header as seconds since the epoch; None where it is missing or unreadable."""
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _kind(response: requests.Response) -> AnswerKind:
    problem = _problem(response)
    if response.status_code == 429:
        capped = str(problem.get("type", "")).endswith("/usage-capped")
        return AnswerKind.USAGE_CAPPED if capped else AnswerKind.RATE_LIMITED
    if response.status_code == 403:
        codes = [error.get("code") for error in problem.get("errors", []) if isinstance(error, dict)]
        forbidden = str(problem.get("type", "")).endswith("/client-forbidden") or 453 in codes
        return AnswerKind.NOT_IN_PLAN if forbidden else AnswerKind.BLOCKED
    return AnswerKind.SERVED if response.status_code < 500 else AnswerKind.FAILED


def _problem(response: requests.Response) -> Mapping[str, Any]:
    if response.status_code not in {403, 429}:
        return {}
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def _read_users(
    refs: Sequence[ProfileRef], document: Any, method: str | None, now: datetime
) -> dict[ProfileRef, Found]:
    users, errors = _objects(document.get("data")), _objects(document.get("errors"))
    by_name = {str(user.get("username")).lower(): user for user in users}
    by_id = {str(user.get("id")): user for user in users}
    refused = {str(error.get("value", "")).lower(): error for error in errors}
    results: dict[ProfileRef, Found] = {}
    for ref in refs:
        user = by_name.get(ref.handle) if ref.handle is not None else by_id.get(str(ref.id))
        error = refused.get(ref.handle or str(ref.id))
        if user is None:
            results[ref] = _read_error(error, method)
            continue
        try:
            profile = _read_user(user, now)
        except _UNREADABLE:
            detail = "X gave an answer for this account that cannot be read."
            results[ref] = Found(outcome=Outcome.UPSTREAM_ERROR, detail=detail, method=method)
        else:
            results[ref] = Found(outcome=Outcome.OK, profile=profile, method=method)
    return results


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, without whatever else stands there."""
    return [each for each in value or [] if isinstance(each, dict)]


def _read_error(error: Mapping[str, Any] | None, method: str | None) -> Found:
    if error is None:
        return Found(outcome=Outcome.UPSTREAM_ERROR, detail="X said nothing of this account.", method=method)
    if "suspended" in str(error.get("detail", "")).lower():
        return Found(outcome=Outcome.SUSPENDED, detail="X has suspended this account.", method=method)
    if error.get("title") == "Not Found Error" or str(error.get("type", "")).endswith("/resource-not-found"):
        return Found(outcome=Outcome.NOT_FOUND, detail="X has no account of this name or id.", method=method)
    return Found(outcome=Outcome.UPSTREAM_ERROR, detail="X would not show this account.", method=method)


def _read_user(user: Mapping[str, Any], now: datetime) -> Profile:
    metrics = user.get("public_metrics") or {}
    picture, url = user.get("profile_image_url"), user.get("url")
    created_at = user.get("created_at")
    return readable_profile(
        platform=Platform.X,
        fetched_at=now,
        id=str(user["id"]) if is_account_id(str(user["id"])) else None,
        username=str(user["username"]),
        display_name=user.get("name"),
        biography=user.get("description"),
        followers=metrics.get("followers_count"),
        following=metrics.get("following_count"),
        posts=metrics.get("tweet_count"),
        likes_given=metrics.get("like_count"),
        listed=metrics.get("listed_count"),
        has_avatar=None if picture is None else _DEFAULT_PICTURE not in picture,
        has_url=None if url is None else bool(url),
        private=user.get("protected"),
        created_at=None if created_at is None else datetime.fromisoformat(created_at),
        verified=user.get("verified"),
        verified_type=user.get("verified_type"),
        parody=user.get("parody"),
    )


def _method_of(path: str) -> str:
    return {"/2/users/by": "users_by_username", "/2/users": "users_by_id"}[path]


SITE = Site(
    platform=Platform.X, hosts=frozenset(["api.twitter.com", "api.x.com"]), method_of=_method_of, read=read_answer
)
