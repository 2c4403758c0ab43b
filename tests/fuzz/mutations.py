"""What people and attackers send, made out of what is valid by a few changes each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

VALID = (
    "https://x.com/reg_maple",
    "https://twitter.com/bot_kite/with_replies",
    "https://www.instagram.com/inf_lantern.house/",
    "instagram.com/fake_pebble?igsh=abc",
    "https://mobile.twitter.com/reg_walker?s=20#top",
    "https://x.com/i/user/4211",
    "https://twitter.com/#!/reg_walker",
    "@reg_walker",
    "reg_garden.tea",
    "4211",
)
_PIECES = (
    *"\x00\t\n\r %/\\@:?#&=.;,'\"<>[]{}|^`~*+-_$!()",
    *("//", "://", "..", "%00", "%2e%2e%2f", "%0d%0a", "@evil.example", ".evil.example", "#@evil.example/", "\\\\evil"),
    *("http://127.0.0.1:8002/", "http://169.254.169.254/", "file:///etc/passwd", "javascript:", "data:", "gopher://"),
    *("[::1]", "0x7f000001", "localhost", "evil.example", ":65536", ":0", "user:pass@", "x.com", "instagram.com"),
    *(
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u0130",
        "\u017f",
        "\uff41",
        "\u00e9",
        "\u65e5",
        "\U0001f333",
        "\ud800",
        "\udfff",
        "\U0010ffff",
    ),
    *("9223372036854775808", "-1", "1e9", "NaN", "null", "true", "{{7*7}}", "${x}", "' OR 1=1--", "=1+1"),
)
_PLACES = st.integers(0, 200)
_WAYS = ("insert", "delete", "double", "replace", "swap", "quote", "upper", "long")


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: what is sent, byte for byte. `text` is the profile that it was made from."""

    text: str
    method: str
    path: str
    body: bytes | None
    headers: tuple[tuple[str, str], ...]


@st.composite
def texts(draw: Callable[..., Any]) -> str:
    """A valid profile after up to six changes."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 6))):
        text = _changed(text, draw(st.sampled_from(_WAYS)), draw(_PLACES), draw(st.sampled_from(_PIECES)))
    return str(text)


def _changed(text: str, way: str, place: int, piece: str) -> str:
    at = place % (len(text) + 1)
    match way:
        case "insert":
            return text[:at] + piece + text[at:]
        case "delete":
            return text[:at] + text[at + 1 + place % 4 :]
        case "double":
            return text[:at] + text[max(0, at - 8) :]
        case "replace":
            return text[:at] + piece + text[at + 1 :]
        case "swap":
            return text[at:] + text[:at]
        case "quote":
            return text[:at] + quote(text[at:], safe="", errors="replace")
        case "upper":
            return text[:at] + text[at:].upper()
        case _:
            return (text * 300)[:4000]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(_PIECES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_PIECES), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ("profile", "platform", "ticket", "prevalence", "extra", "result_id", "label", "comment", "state", "scope")
_HEADERS = st.sampled_from(
    (
        ("Content-Type", "application/json"),
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/json; charset=utf-16"),
        ("Content-Type", "multipart/form-data"),
        ("X-Request-ID", "x" * 300),
        ("Authorization", "Bearer nonsense"),
        ("Accept", "application/xml"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Cookie", "rollcall_session=nonsense"),
        ("Range", "bytes=0-1"),
        ("If-Modified-Since", "nonsense"),
        ("X-Forwarded-Host", "evil.example"),
    )
)
PATHS = (
    ("POST", "/api/v1/classify"),
    ("POST", "/api/v1/corrections"),
    ("PUT", "/api/v1/corrections/{}"),
    ("GET", "/api/v1/corrections?state={}"),
    ("GET", "/api/v1/accounts/x/{}/results"),
    ("GET", "/api/v1/accounts/{}/reg_maple/results"),
    ("DELETE", "/api/v1/accounts/instagram/{}"),
    ("DELETE", "/api/v1/accounts/x/{}?scope={}"),
    ("GET", "/api/v1/results/{}"),
    ("GET", "/?profile={}&platform=x"),
    ("POST", "/classify"),
    ("GET", "/history?profile={}"),
    ("GET", "/accounts/x/{}"),
    ("GET", "/problems/{}"),
    ("GET", "/static/{}"),
    ("GET", "/{}"),
)


@st.composite
def shots(draw: Callable[..., Any]) -> Shot:
    """A valid request after some changes of its body, address, method and headers; every other one classifies."""
    text = draw(texts())
    method, path = draw(st.just(PATHS[0]) | st.sampled_from(PATHS))
    written = quote(text, safe=draw(st.sampled_from(("", "/", "/@:?#&=%.;,+!*'()[]"))), errors="surrogatepass")
    path = path.replace("{}", written)
    if draw(st.integers(0, 19)) == 0:
        method = draw(st.sampled_from(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW")))
    headers = (
        ("Content-Type", "application/json"),
        *draw(st.lists(_HEADERS, max_size=2) if _one_in(draw, 5) else st.just([])),
    )
    return Shot(text, method, path, _body(draw, text, path) if method in {"POST", "PUT"} else None, headers)


def _one_in(draw: Callable[..., Any], number: int) -> bool:
    return bool(draw(st.integers(1, number)) == 1)


def _body(draw: Callable[..., Any], text: str, path: str) -> bytes:
    if path == "/classify":
        return f"profile={quote(text, errors='surrogatepass')}".encode()
    fields: dict[str, Any] = {"profile": text}
    if "corrections" in path:
        fields = {"result_id": text, "label": "bot", "comment": text}
    elif _one_in(draw, 2):
        fields["platform"] = draw(st.sampled_from(("x", "instagram")))
    for _ in range(draw(st.integers(0, 2)) if _one_in(draw, 3) else 0):
        fields[draw(st.sampled_from(_FIELDS))] = draw(_JSON)
    body = json.dumps(fields).encode()
    if _one_in(draw, 10):
        at = draw(_PLACES) % (len(body) + 1)
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 3)) :]
    return body
