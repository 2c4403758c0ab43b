"""What an answer of Instagram means, for the limits and for the account."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from contracts.platforms import Platform
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.sources.transport import Site
from fetcher.sources.x import read_date

_STOP = frozenset(["feedback_required", "checkpoint_required", "challenge_required"])


def read_answer(response: requests.Response) -> Answer:
    """What an answer of Instagram means for the limits; it sends no rate-limit headers."""
    return Answer(kind=_kind(response), server_time=read_date(response.headers.get("date")))


def says_nobody(response: requests.Response) -> bool:
    """Whether the answer to a lookup by id says in so many words that there is no such user."""
    try:
        return response.status_code == 200 and bool(response.json()["data"] == {"user": None})
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _kind(response: requests.Response) -> AnswerKind:
    message = _message(response)
    if response.status_code == 429 or (response.status_code == 401 and "please wait" in message.lower()):
        return AnswerKind.RATE_LIMITED
    if message in _STOP or leads_to(response, "/challenge") or leads_to(response, "/accounts/suspended"):
        return AnswerKind.BLOCKED
    return AnswerKind.SERVED if response.status_code < 500 else AnswerKind.FAILED


def _message(response: requests.Response) -> str:
    if response.status_code < 400:
        return ""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def leads_to(response: requests.Response, path: str) -> bool:
    """Whether the answer sends its reader to a page below `path`."""
    try:
        return response.is_redirect and urlsplit(response.headers.get("location", "")).path.startswith(path)
    except ValueError:
        return False


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
