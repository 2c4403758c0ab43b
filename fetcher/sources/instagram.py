"""Instagram through Instaloader, by several methods behind one interface, tried in order.

Instaloader's own rate controller and retries are switched off: every request of its sessions passes our adapter. What
became of an account is read from the platform's last answer, because Instaloader says "does not exist" also where it
was blocked.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import instaloader
import requests
from instaloader.instaloadercontext import InstaloaderContext, RateController

from contracts.activity import Post, summarize
from contracts.fetch_api import Outcome
from contracts.platforms import Platform, is_account_id
from contracts.profile import MODEL_FACTS, Profile
from contracts.profile_ref import ProfileRef
from fetcher.breaker import Breaker
from fetcher.errand import Errand
from fetcher.errors import MethodFailed, Refused
from fetcher.limiter.handler import digest
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.state import Reason
from fetcher.sources.results import Found, waiting
from fetcher.sources.transport import Exchange, Line, Site, exchange, limited_session
from fetcher.sources.x import read_date

_ANONYMOUS_PICTURE = "44884218_345707102882519_2446069589734326272_n"
"""The file name of the grey head that Instagram shows for an account without a picture."""
_STOP = frozenset(["feedback_required", "checkpoint_required", "challenge_required"])
_NOT_FOUND = "Instagram shows no such account: it does not exist, was renamed, or was suspended."
_ALL_REST = "Every way to this account failed lately and rests for a while."
_log = logging.getLogger(__name__)
_LIBRARY_ERRORS = (
    instaloader.InstaloaderException,
    instaloader.exceptions.AbortDownloadException,
    requests.RequestException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
)


@dataclass(frozen=True, slots=True)
class Login:
    """A session of `user`: saved by Instaloader in `file`, or the value of the cookie `sessionid`."""

    user: str
    file: Path | None = None
    session_id: str | None = field(default=None, repr=False)

    def version(self) -> float:
        """Changes when the file does; 0 where there is none."""
        try:
            return 0.0 if self.file is None else self.file.stat().st_mtime
        except OSError:
            return 0.0

    def enter(self, context: InstaloaderContext) -> None:
        """Log `context` in, without a request."""
        if self.file is not None:
            with self.file.open("rb") as file:
                context.load_session_from_file(self.user, file)
        else:
            context.load_session(self.user, {"sessionid": self.session_id, "csrftoken": secrets.token_hex(16)})


class InstagramSource:
    """Looks accounts up on Instagram, anonymously or with a saved session."""

    platform = Platform.INSTAGRAM
    most = 1

    def __init__(self, line: Line, login: Login | None = None) -> None:
        self.credential = digest("anonymous" if login is None else f"session of {login.user}")
        self._line = line
        self._login = login
        self._threads = threading.local()
        self._breakers = {method: Breaker(name) for method, name in _NAMES.items()}
        self._expired_session: float | None = None

    def health(self) -> list[dict[str, Any]]:
        """Every method's breaker, and with a login whether its session still holds."""
        now = self._line.clock.now()
        found = [breaker.document(now) for breaker in self._breakers.values()]
        if self._login is not None:
            expired = self._expired_session == self._login.version()
            found.append(
                {
                    "method": "session",
                    "breaker": "open" if expired else "closed",
                    "reason": "expired: log in again" if expired else None,
                }
            )
        return found

    def method(self, *, by_handle: bool) -> str:
        """The name in limits.toml of the method that is tried first."""
        return "web_profile_info" if by_handle else "graphql_user"

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> dict[ProfileRef, Found]:
        """An outcome for the one account of `refs`. Raises StoreUnavailable."""
        (ref,) = refs
        with exchange((ref.key,), errand, self._line) as current:
            try:
                return {ref: self._by_handle(ref, current) if ref.handle else self._by_id(ref, current, errand)}
            except Refused as refusal:
                return {ref: waiting(self.platform, refusal.reason, refusal.until)}

    def _by_handle(self, ref: ProfileRef, current: Exchange) -> Found:
        found = Found(outcome=Outcome.UPSTREAM_ERROR, detail=_ALL_REST)
        for method in _BY_HANDLE:
            if not self._breakers[method].allows(self._line.clock.now()):
                continue
            found = self._try(method, str(ref.handle), current)
            if found.outcome not in {Outcome.UPSTREAM_ERROR, Outcome.LOGIN_REQUIRED}:
                return found
        return found

    def _by_id(self, ref: ProfileRef, current: Exchange, errand: Errand) -> Found:
        """The id answers without posts; where those are wanted, the handle that it names is looked up as well."""
        if not self._breakers[_graphql_user].allows(self._line.clock.now()):
            return Found(outcome=Outcome.UPSTREAM_ERROR, detail=_ALL_REST)
        found = self._try(_graphql_user, str(ref.id), current)
        if found.profile is None or found.profile.username is None or not errand.activity:
            return found
        try:
            full = self._by_handle(ProfileRef(Platform.INSTAGRAM, handle=found.profile.username.lower()), current)
        except Refused:
            return found
        return full if full.profile is not None and full.profile.id == ref.id else found

    def _try(self, method: Method, subject: str, current: Exchange) -> Found:
        breaker = self._breakers[method]
        try:
            profile = method(self._context(), subject)
        except _LIBRARY_ERRORS:
            found = self._explain(current)
            if found.outcome is Outcome.UPSTREAM_ERROR:
                breaker.failed(self._line.clock.now())
            elif found.outcome is Outcome.NOT_FOUND:
                breaker.spoke()
            return found
        except MethodFailed as failure:
            breaker.failed(self._line.clock.now())
            return Found(outcome=failure.outcome, detail=failure.detail, method=current.method)
        facts = MODEL_FACTS[self.platform]
        breaker.answered(1 - len(profile.facts_known) / len(facts), self._line.clock.now())
        return Found(outcome=Outcome.OK, profile=profile, method=current.method)

    def _explain(self, current: Exchange) -> Found:
        """Why the last answer held no profile."""
        method, response = current.method, current.last
        if response is None:
            return Found(outcome=Outcome.UPSTREAM_ERROR, detail="Instagram did not answer in time.", method=method)
        kind = read_answer(response).kind
        if kind in {AnswerKind.RATE_LIMITED, AnswerKind.BLOCKED}:
            until = self._line.handler.free_at(self.platform, str(method), self.credential)
            reason = Reason.BLOCKED if kind is AnswerKind.BLOCKED else Reason.RATE_LIMITED
            return waiting(self.platform, reason, until, method)
        if response.status_code == 404:
            return Found(outcome=Outcome.NOT_FOUND, detail=_NOT_FOUND, method=method)
        if response.status_code in {401, 403} or _leads_to(response, "/accounts/login"):
            return self._login_required(method)
        detail = (
            f"Instagram's answer ({response.status_code}) holds no profile; the account may not exist or be hidden."
        )
        return Found(
            outcome=Outcome.UPSTREAM_ERROR,
            detail=detail,
            method=method,
        )

    def _login_required(self, method: str | None) -> Found:
        detail = "Instagram shows this account only after a login."
        if self._login is not None:
            detail = "Instagram no longer accepts this installation's session; its owner has to log in again."
            if self._expired_session != self._login.version():
                self._expired_session = self._login.version()
                _log.error("the session has expired", extra={"platform": self.platform.value})
        return Found(outcome=Outcome.LOGIN_REQUIRED, detail=detail, method=method)

    def _context(self) -> _Context:
        """The thread's own context: Instaloader's are not made for several threads. A changed session is read anew."""
        version = 0.0 if self._login is None else self._login.version()
        held: tuple[float, _Context] | None = getattr(self._threads, "held", None)
        if held is None or held[0] != version:
            context = _Context(self._line, self.credential)
            if self._login is not None:
                self._login.enter(context)
                limited_session(context._session, SITE, self._line, self.credential)
            held = self._threads.held = (version, context)
        return held[1]


class _NoWaiting(RateController):  # type: ignore[misc]
    """The rate-limit handler owns all waiting."""

    def wait_before_query(self, query_type: str) -> None:
        """Go on at once."""

    def handle_429(self, query_type: str) -> None:
        """Go on at once; with one attempt this is never reached."""


class _Context(InstaloaderContext):  # type: ignore[misc]
    """Instaloader's context, whose sessions all send through our adapter and which prints nothing."""

    def __init__(self, line: Line, credential: str) -> None:
        self._line, self._credential = line, credential
        super().__init__(
            sleep=False,
            quiet=True,
            max_connection_attempts=1,
            request_timeout=line.timeout_s,
            rate_controller=_NoWaiting,
            iphone_support=False,
        )

    def get_anonymous_session(self) -> requests.Session:
        return limited_session(super().get_anonymous_session(), SITE, self._line, self._credential)

    @contextmanager
    def _graphql_session(self, *args: Any, **options: Any) -> Iterator[requests.Session]:
        with super()._graphql_session(*args, **options) as session:
            yield limited_session(session, SITE, self._line, self._credential)

    def error(self, msg: Any, repeat_at_end: bool = True) -> None:
        """Its messages hold handles."""


Method = Callable[[_Context, str], Profile]
"""One way to a profile: by handle or by id, as its place in the order says. Raises MethodFailed or what it met."""


def _web_profile_info(context: _Context, handle: str) -> Profile:
    """The web application's own endpoint; holds the newest posts as well."""
    document = context.get_json("api/v1/users/web_profile_info/", {"username": handle})
    user = (document.get("data") or {}).get("user")
    if user is None:
        raise MethodFailed(Outcome.UPSTREAM_ERROR, "Instagram's answer holds no profile.")
    return _read_profile(context, user)


def _profile_page(context: _Context, handle: str) -> Profile:
    """What the public page embeds."""
    profile = instaloader.Profile.from_username(context, handle)
    return _read_profile(context, profile._node)  # Its properties would send further requests.


def _graphql_user(context: _Context, account_id: str) -> Profile:
    """The query behind the profile page, by id."""
    context.profile_id_cache.clear()
    profile = instaloader.Profile.from_id(context, int(account_id))
    return _read_profile(context, profile._node)  # Its properties would send further requests.


_BY_HANDLE: tuple[Method, ...] = (_web_profile_info, _profile_page)
_NAMES: dict[Method, str] = {
    _web_profile_info: "web_profile_info",
    _profile_page: "profile_page",
    _graphql_user: "graphql_user",
}


def _read_profile(context: _Context, node: Mapping[str, Any]) -> Profile:
    """`node` in the form of Instaloader's Profile; what it does not hold is unknown, and is not asked for again."""
    account_id = str(node.get("id") or node.get("pk") or "")
    picture = node.get("profile_pic_url_hd") or node.get("profile_pic_url")
    highlights = node.get("highlight_reel_count")
    now = datetime.now(UTC)
    instaloader.Profile(context, dict(node))  # Raises where the node is no profile.
    return Profile(
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


def read_answer(response: requests.Response) -> Answer:
    """What an answer of Instagram means for the limits; it sends no rate-limit headers."""
    return Answer(kind=_kind(response), server_time=read_date(response.headers.get("date")))


def _kind(response: requests.Response) -> AnswerKind:
    message = _message(response)
    if response.status_code == 429 or (response.status_code == 401 and "please wait" in message.lower()):
        return AnswerKind.RATE_LIMITED
    if message in _STOP or _leads_to(response, "/challenge") or _leads_to(response, "/accounts/suspended"):
        return AnswerKind.BLOCKED
    return AnswerKind.SERVED if response.status_code < 500 else AnswerKind.FAILED


def _message(response: requests.Response) -> str:
    if response.status_code < 400:
        return ""
    try:
        document = response.json()
    except ValueError:
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def _leads_to(response: requests.Response, path: str) -> bool:
    return response.is_redirect and urlsplit(response.headers.get("location", "")).path.startswith(path)


def _method_of(path: str) -> str:
    known = {
        "/": "start_page",
        "/api/v1/users/web_profile_info/": "web_profile_info",
        "/api/graphql": "graphql_user",
        "/graphql/query": "graphql_user",
    }
    return known.get(path, "profile_page")


SITE = Site(
    platform=Platform.INSTAGRAM,
    hosts=frozenset(["www.instagram.com", "i.instagram.com"]),
    method_of=_method_of,
    read=read_answer,
)
