"""Reads JSON as RapidJSON does in TensorFlow Serving: NaN and infinities, any depth, its messages and offsets.

Python's own scanner reads nearly everything, at C speed. What it refuses is read again by the slow reader below, which
either understands it (deep nesting, `Inf`) or says what the original would say.
"""

from __future__ import annotations

import json
import re
from typing import Any

from serving.local_server.errors import InvalidArgument

_BLANKS = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_STRING_RUN = re.compile(r'[^"\\\x00-\x1f]*')
_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "Inf": float("inf"),
}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SCANNER = json.JSONDecoder()


class _Refused(Exception):  # noqa: N818 - it never leaves this module.
    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at offset: {offset}")


def read_json(body: bytes) -> dict[str, Any]:
    """The object that `body` begins with; what follows it is ignored. Raises InvalidArgument.

    Bytes that are not UTF-8 travel through as surrogates, as RapidJSON passes them through unchecked.
    """
    if not body:
        raise InvalidArgument("JSON Parse error: The document is empty")
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    value: Any
    try:
        value = _SCANNER.raw_decode(text, _skip(text, 0))[0]
    except (ValueError, RecursionError):
        try:
            value = _read_slowly(text)
        except _Refused as refusal:
            raise InvalidArgument(f"JSON Parse error: {refusal}") from None
    if not isinstance(value, dict):
        raise InvalidArgument(f"JSON Value: {debug_text(value)} Is not object")
    return value


def debug_text(value: Any) -> str:
    """A value in an error message, cut at 256 bytes."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=4)
    except RecursionError:
        text = "[" * 256
    return text.encode("utf-8", "surrogateescape")[:256].decode("utf-8", "ignore")


def _skip(text: str, at: int) -> int:
    matched = _BLANKS.match(text, at)
    return matched.end() if matched else at


def _read_slowly(text: str) -> Any:
    """One value, without recursion."""
    reader = _SlowReader(text)
    while True:
        value = reader.begin()
        while value is not _OPEN:
            value, ended = reader.close(value)
            if ended:
                return value


_OPEN = object()


class _SlowReader:
    """`containers`: the arrays and objects that are not closed yet; `keys`: the member being read of each object."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, _skip(text, 0)
        self.containers: list[Any] = []
        self.keys: list[str] = []
        if self.at == len(text):
            raise _Refused("The document is empty.", self.at)

    def begin(self) -> Any:
        """A scalar or an empty container; _OPEN when one was opened whose first element comes next."""
        mark = self.text[self.at : self.at + 1]
        if mark not in {"[", "{"}:
            value, self.at = _read_scalar(self.text, self.at)
            return value
        self.at = _skip(self.text, self.at + 1)
        if self.text[self.at : self.at + 1] == {"[": "]", "{": "}"}[mark]:
            self.at += 1
            return [] if mark == "[" else {}
        if mark == "{":
            key, self.at = _read_key(self.text, self.at)
            self.keys.append(key)
        self.containers.append([] if mark == "[" else {})
        return _OPEN

    def close(self, value: Any) -> tuple[Any, bool]:
        """Put `value` where it belongs: (_OPEN, False) when a sibling follows, else its container, or the end."""
        if not self.containers:
            return value, True
        container = self.containers[-1]
        if isinstance(container, list):
            container.append(value)
            end, wrong = "]", "Missing a comma or ] after an array element."
        else:
            container.setdefault(self.keys[-1], value)
            end, wrong = "}", "Missing a comma or } after an object member."
        self.at = _skip(self.text, self.at)
        mark = self.text[self.at : self.at + 1]
        if mark not in {",", end}:
            raise _Refused(wrong, self.at)
        self.at += 1
        if mark == ",":
            self.at = _skip(self.text, self.at)
            if end == "}":
                self.keys[-1], self.at = _read_key(self.text, self.at)
            return _OPEN, False
        if end == "}":
            self.keys.pop()
        return self.containers.pop(), False


def _read_key(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise _Refused("Missing a name for object member.", at)
    key, at = _read_string(text, at)
    at = _skip(text, at)
    if text[at : at + 1] != ":":
        raise _Refused("Missing a colon after a name of object member.", at)
    return key, _skip(text, at + 1)


def _read_scalar(text: str, at: int) -> tuple[Any, int]:
    if text[at : at + 1] == '"':
        return _read_string(text, at)
    minus = text[at : at + 1] == "-"
    for word, meaning in _WORDS.items():
        if text.startswith(word, at + minus) and (not minus or word[0] in "NI"):
            return (-meaning if minus and meaning is not None else meaning), at + minus + len(word)
    number = _NUMBER.match(text, at)
    if number is None:
        raise _Refused("Invalid value.", at)
    if number[1] == ".":
        raise _Refused("Miss fraction part in number.", number.end(1))
    if number[2] is not None and not number[2][-1].isdigit():
        raise _Refused("Miss exponent in number.", number.end(2))
    return (float(number[0]) if number[1] or number[2] else int(number[0])), number.end()


def _read_string(text: str, at: int) -> tuple[str, int]:
    start, parts = at, []
    at += 1
    while True:
        run = _STRING_RUN.match(text, at)
        parts.append(run[0] if run else "")
        at += len(parts[-1])
        mark = text[at : at + 1]
        if mark == '"':
            return "".join(parts), at + 1
        if mark != "\\":
            wrong = "Invalid encoding in string." if mark else "Missing a closing quotation mark in string."
            raise _Refused(wrong, at if mark else start)
        escape = text[at + 1 : at + 2]
        if escape == "u":
            digits = text[at + 2 : at + 6]
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                raise _Refused("Incorrect hex digit after \\u escape in string.", at)
            code = int(digits, 16)
            at += 6
            if 0xD800 <= code < 0xE000:
                low = re.match(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})", text[at : at + 6])
                if code >= 0xDC00 or low is None:
                    raise _Refused("The surrogate pair in string is invalid.", at - 6)
                code = 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
                at += 6
            parts.append(chr(code))
        elif escape in _ESCAPES:
            parts.append(_ESCAPES[escape])
            at += 2
        else:
            raise _Refused("Invalid escape character in string.", at)
