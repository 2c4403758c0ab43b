"""Instagram through Instaloader, by several methods behind one interface, tried in order.

Instaloader's own rate controller and retries are switched off: every request of its sessions passes our adapter. What
became of an account is read from the platform's last answer, because Instaloader says "does not exist" also where it
was blocked.
"""

from __future__ import annotations

import logging
import pickle
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import instaloader
import requests
from instaloader.instaloadercontext import InstaloaderContext, RateController

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile import MODEL_FACTS, Profile
from contracts.profile_ref import ProfileRef
from fetcher.breaker import Breaker
from fetcher.errand import Errand
from fetcher.errors import ForeignHost, MethodFailed, Refused
from fetcher.limiter.handler import digest
from fetcher.limiter.messages import AnswerKind
from fetcher.limiter.state import Reason
from fetcher.sources.instagram_answers import SITE, leads_to, read_answer, says_nobody
from fetcher.sources.instagram_profile import read_profile
from fetcher.sources.results import Found, waiting
from fetcher.sources.transport import Exchange, Line, exchange, limited_session

_SILENCE = "Instagram gave no answer, or none in time."
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
    IndexError,
    OverflowError,
    RecursionError,
    ForeignHost,
)
_NO_SESSION = (OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError, LookupError)
_UNREADABLE_SESSION = "The file of this installation's session at Instagram cannot be read; its owner has to log in."


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
                    "saved_at_unix": self._login.version() or None,
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
            return Found(outcome=Outcome.UPSTREAM_ERROR, detail=_SILENCE, method=method)
        kind = read_answer(response).kind
        if kind in {AnswerKind.RATE_LIMITED, AnswerKind.BLOCKED}:
            until = self._line.handler.free_at(self.platform, str(method), self.credential)
            reason = Reason.BLOCKED if kind is AnswerKind.BLOCKED else Reason.RATE_LIMITED
            return waiting(self.platform, reason, until, method)
        if response.status_code == 404 or says_nobody(response):
            return Found(outcome=Outcome.NOT_FOUND, detail=_NOT_FOUND, method=method)
        if response.status_code in {401, 403} or leads_to(response, "/accounts/login"):
            return self._login_required(method)
        detail = (
            f"Instagram's answer ({response.status_code}) holds no profile; the account may not exist or be hidden."
        )
        if response.status_code >= 500:
            # That says nothing of the account.
            detail = f"Instagram answered with an error ({response.status_code})."
        return Found(outcome=Outcome.UPSTREAM_ERROR, detail=detail, method=method)

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
                try:
                    self._login.enter(context)
                except _NO_SESSION as error:
                    _log.error("the session cannot be read", extra={"error": type(error).__name__})
                    raise MethodFailed(Outcome.LOGIN_REQUIRED, _UNREADABLE_SESSION) from error
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
    return _read(context, user)


def _profile_page(context: _Context, handle: str) -> Profile:
    """What the public page embeds."""
    profile = instaloader.Profile.from_username(context, handle)
    return _read(context, profile._node)  # Its properties would send further requests.


def _graphql_user(context: _Context, account_id: str) -> Profile:
    """The query behind the profile page, by id."""
    context.profile_id_cache.clear()
    profile = instaloader.Profile.from_id(context, int(account_id))
    return _read(context, profile._node)  # Its properties would send further requests.


_BY_HANDLE: tuple[Method, ...] = (_web_profile_info, _profile_page)
_NAMES: dict[Method, str] = {
    _web_profile_info: "web_profile_info",
    _profile_page: "profile_page",
    _graphql_user: "graphql_user",
}


def _read(context: _Context, node: dict[str, Any]) -> Profile:
    instaloader.Profile(context, dict(node))  # Raises where the node is no profile.
    return read_profile(node)
