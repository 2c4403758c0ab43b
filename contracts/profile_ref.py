"""Reads what people paste into one account reference; nothing but a handle or an id leaves this module.

Accepted: profile addresses of x.com, twitter.com, instagram.com and instagr.am (with or without https, www., m.,
mobile., trailing slashes, queries and the tabs of a profile page), X's id address `x.com/i/user/<id>`, the links of its
buttons (`x.com/intent/user?screen_name=` or `user_id=`), and, where a platform was chosen, `@handle`, `handle` and a
numeric id. A bare number is an id; `@123` is the handle. Brackets, quotation marks and the full stop or comma of the
sentence around it are left away. Signs and digits may be full-width, as East Asian keyboards write them; letters may
not, as others only look like a to z too. An id that a spreadsheet rounded (1.23457E+17) is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from contracts.platforms import Platform, is_account_id

MAX_INPUT_CHARACTERS = 2048

_HOSTS = {
    f"{prefix}{domain}": platform
    for domain, platform in {
        "x.com": Platform.X,
        "twitter.com": Platform.X,
        "instagram.com": Platform.INSTAGRAM,
        "instagr.am": Platform.INSTAGRAM,
    }.items()
    for prefix in ("", "www.", "m.", "mobile.")
}

_TABS = {
    Platform.X: frozenset(
        "about affiliates articles followers following header_photo highlights likes lists media photo "
        "superfollows verified_followers with_replies".split()
    ),
    Platform.INSTAGRAM: frozenset("channel followers following guides igtv reels reposts saved tagged".split()),
}
"""Second path segments that still name the profile."""

_POSTS = {
    Platform.X: frozenset(["status", "statuses"]),
    Platform.INSTAGRAM: frozenset(["p", "reel", "tv", "stories"]),
}
"""Path segments that name a post, at the front or behind the handle."""

_RESERVED = {
    Platform.X: frozenset(
        "about account communities compose download explore hashtag help home i intent jobs login logout "
        "messages notifications oauth premium_sign_up privacy search settings share signup tos".split()
    ),
    Platform.INSTAGRAM: frozenset(
        "about accounts api ar challenge developer direct directory emails explore graphql legal nametag "
        "oauth press privacy reels session terms web".split()
    ),
}
"""First path segments that are pages of the platform itself."""

_EXAMPLE = "Paste a profile address such as https://x.com/some_handle or https://instagram.com/some.handle."
_INVISIBLE_AT_THE_ENDS = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


_AROUND = ("<([\"'", ">)]\"'.,;:!?")
"""What stands before and behind an address in a text; no handle begins or ends with any of it."""
_BUTTONS = frozenset(["user", "follow"])
_WIDE = {0xFF00 + ord(sign) - 0x20: sign for sign in "0123456789@:/._?=&#%-+!,"} | {0xFE6B: "@", 0x3002: "."}
"""Full-width forms (Unicode's blocks FF00 and FE50) and the ideographic full stop."""
_ROUNDED = re.compile(r"@?\d(?:[.,]\d+)?[Ee]\+\d+", re.ASCII)
ROUNDED = (
    "A spreadsheet has rounded this id, so that it names another account or none. Give the column of ids the format "
    "text before they are filled in, and export it again."
)


class InvalidReference(ValueError):  # noqa: N818 - it names what was given, as `InvalidReference` in the API does.
    """The text names no profile; the message says what was wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """One account: a platform and either a handle (lower case, no @) or an immutable id.

    Raises InvalidReference when built from anything else, so an instance is always safe to put into a request.
    """

    platform: Platform
    handle: str | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        if (self.handle is None) == (self.id is None):
            raise InvalidReference("A reference holds either a handle or an id.")
        if self.handle is not None and not (
            self.platform.is_handle(self.handle) and self.handle == self.handle.lower()
        ):
            raise InvalidReference(self.platform.handle_rule)
        if self.id is not None and not is_account_id(self.id):
            raise InvalidReference("An account id is a positive whole number of at most 19 digits.")

    @classmethod
    def parse(cls, text: str, platform: Platform | None = None) -> ProfileRef:
        """Read `text` as a person pasted it.

        `platform` says what a bare handle or number belongs to; an address names its platform itself and wins.
        Raises InvalidReference.
        """
        text = with_plain_signs(text.strip().strip(_INVISIBLE_AT_THE_ENDS).strip())
        text = text.lstrip(_AROUND[0]).rstrip(_AROUND[1])
        if not text:
            raise InvalidReference(f"Nothing was given. {_EXAMPLE}")
        if len(text) > MAX_INPUT_CHARACTERS:
            raise InvalidReference(f"That is longer than {MAX_INPUT_CHARACTERS} characters. {_EXAMPLE}")
        if any(character.isspace() or not character.isprintable() for character in text):
            raise InvalidReference(f"A profile address holds no blanks or control characters. {_EXAMPLE}")
        if is_rounded(text):
            raise InvalidReference(ROUNDED)
        looks_like_host = "." in text and platform is None and not text.startswith("@")
        if "/" in text or looks_like_host or text.lower() in _HOSTS:
            return _from_address(text)
        if platform is None:
            raise InvalidReference("Choose the platform of that handle or id, or paste the whole profile address.")
        if is_account_id(text):
            return cls(platform, id=text)
        return _from_handle(platform, text.removeprefix("@"))

    @property
    def url(self) -> str:
        """The address of the profile on its platform; Instagram has none for an id, so it gives the front page."""
        if self.platform is Platform.X:
            return f"https://x.com/{self.handle}" if self.handle else f"https://x.com/i/user/{self.id}"
        return f"https://www.instagram.com/{self.handle}/" if self.handle else "https://www.instagram.com/"

    @property
    def key(self) -> str:
        """A text that is equal exactly for equal references, for caches and hashes: `x:@handle` or `x:123`."""
        return f"{self.platform.value}:{'@' + self.handle if self.handle else self.id}"

    def to_json(self) -> dict[str, str]:
        """`{"platform": ..., "handle": ...}` or `{"platform": ..., "id": ...}`."""
        if self.handle is not None:
            return {"platform": self.platform.value, "handle": self.handle}
        return {"platform": self.platform.value, "id": str(self.id)}


def is_rounded(text: str) -> bool:
    """Whether it is a number as a spreadsheet writes those that it rounded."""
    return _ROUNDED.fullmatch(text) is not None


def with_plain_signs(text: str) -> str:
    """The text with its full-width signs and digits as ASCII."""
    return text if text.isascii() else text.translate(_WIDE)


def _from_handle(platform: Platform, handle: str) -> ProfileRef:
    if not handle.isascii():
        raise InvalidReference(
            f"That handle holds letters that only look like a to z. "
            f"{platform.handle_rule} Copy it from the profile page."
        )
    if not platform.is_handle(handle):
        raise InvalidReference(platform.handle_rule)
    if handle.lower() in _RESERVED[platform] | _POSTS[platform]:
        raise InvalidReference(f"That is a page of {platform.title} itself, not a profile. {_EXAMPLE}")
    return ProfileRef(platform, handle=handle.lower())


def _from_address(text: str) -> ProfileRef:
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)", text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        raise InvalidReference(f"Only http and https addresses name a profile. {_EXAMPLE}")
    try:
        address = urlsplit(text if scheme else f"https://{text.removeprefix('//')}")
        host, port = address.hostname or "", address.port
    except ValueError:
        raise InvalidReference(f"That is not a readable address. {_EXAMPLE}") from None
    platform = _HOSTS.get(host)
    if platform is None or address.username is not None or port not in {None, 80, 443}:
        raise InvalidReference(f"That address is not on x.com, twitter.com or instagram.com. {_EXAMPLE}")
    path = address.path
    if platform is Platform.X and (button := re.fullmatch(r"/intent/(\w+)/?", path)) and button[1] in _BUTTONS:
        return _from_button(parse_qs(address.query))
    if address.fragment.startswith("!/") and path in {"", "/"}:
        path = address.fragment.removeprefix("!")  # twitter.com/#!/handle, as it was until 2012
    return _from_path(platform, [unquote(segment) for segment in path.split("/") if segment])


def _from_button(query: Mapping[str, list[str]]) -> ProfileRef:
    """What a link "follow me" names."""
    if handle := query.get("screen_name"):
        return _from_handle(Platform.X, handle[0].removeprefix("@"))
    if account_id := query.get("user_id"):
        return ProfileRef(Platform.X, id=account_id[0])
    raise InvalidReference(f"That link names no account. {_EXAMPLE}")


def _from_path(platform: Platform, segments: list[str]) -> ProfileRef:
    first, second = (segment.lower() for segment in [*segments, "", ""][:2])
    if not first:
        raise InvalidReference(f"That is the front page of {platform.title}, not a profile. {_EXAMPLE}")
    if platform is Platform.X and (first, second) == ("i", "user") and len(segments) == 3:
        if not is_account_id(segments[2]):
            raise InvalidReference("An account id is a positive whole number of at most 19 digits.")
        return ProfileRef(platform, id=segments[2])
    if platform is Platform.INSTAGRAM and first == "_u" and len(segments) >= 2:  # the link that opens the app
        segments = segments[1:]
        first, second = (segment.lower() for segment in [*segments, ""][:2])
    if first in _POSTS[platform] or second in _POSTS[platform]:
        raise InvalidReference(
            "That is the address of a post, not of a profile. Paste the address of the account's own page."
        )
    if len(segments) > 1 and first not in _RESERVED[platform] and second not in _TABS[platform]:
        raise InvalidReference(
            f"That address goes on behind the handle with something that is no profile page. {_EXAMPLE}"
        )
    return _from_handle(platform, segments[0].removeprefix("@"))
