"""API keys: how one looks, what is kept of it, and the file of all.

A key is 256 random bits, so its SHA-256 digest tells nothing and needs no slow hash; only digests are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.access.caller import LOCAL, Caller, Role

PER_MINUTE = 120
"""Requests of a key whose entry says nothing else."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
NAME_RULE = "1 to 64 of a to z, 0 to 9, dot, dash and underscore, and is not 'local'"
_HEADER = "# Made by `rollcall keys`. Only digests stand here; a key itself cannot be read back.\n"
_MOST_KEYS = 1000


class InvalidKeys(ValueError):  # noqa: N818 - it names what was given.
    """The text is no list of keys; the message says what is wrong, and no digest."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry. Several of one name are one caller, so that a key can be changed without a gap."""

    name: str
    role: Role
    digest: str
    per_minute: int = PER_MINUTE
    usd_per_day: float | None = None

    @property
    def caller(self) -> Caller:
        """Who comes with this key."""
        return Caller(self.name, self.role, self.name, self.per_minute, self.usd_per_day)

    @property
    def fingerprint(self) -> str:
        """Names this key in a session, and is of no use to anybody else."""
        return digest_of(self.digest)[:32]


def is_name(text: str) -> bool:
    """Whether a key may be called so."""
    return _NAME.fullmatch(text) is not None and text != LOCAL.owner


def new_secret() -> str:
    """A key to give away; kept by its digest only."""
    return f"rc_{secrets.token_urlsafe(32)}"


def digest_of(secret: str) -> str:
    """What is kept of a key, 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_secret(keys: Sequence[Key], secret: str) -> Key | None:
    """The entry of a key, found in a time that says nothing about the others."""
    return _find(keys, digest_of(secret), [key.digest for key in keys])


def find_fingerprint(keys: Sequence[Key], fingerprint: str) -> Key | None:
    """The entry that a session names."""
    return _find(keys, fingerprint, [key.fingerprint for key in keys])


def _find(keys: Sequence[Key], wanted: str, texts: Sequence[str]) -> Key | None:
    found = None
    for key, text in zip(keys, texts, strict=True):
        if hmac.compare_digest(text.encode(), wanted.encode()):
            found = key
    return found


def read_keys(text: str) -> tuple[Key, ...]:
    """The entries `[[keys]]` of a TOML document; raises InvalidKeys."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidKeys(f"it is no TOML: {error}") from None
    entries = document.pop("keys", [])
    if document or not isinstance(entries, list) or len(entries) > _MOST_KEYS:
        raise InvalidKeys(f"it must hold nothing but at most {_MOST_KEYS} entries [[keys]]")
    keys = tuple(_read_key(entry, number) for number, entry in enumerate(entries, 1))
    for key in keys:
        same = [each for each in keys if each.name == key.name]
        if any(
            (each.role, each.per_minute, each.usd_per_day) != (key.role, key.per_minute, key.usd_per_day)
            for each in same
        ):
            raise InvalidKeys(f"the entries named {key.name} differ in role or limits")
    return keys


def write_keys(keys: Sequence[Key]) -> str:
    """`read_keys`' form."""
    return _HEADER + "".join(map(_entry, keys))


def _entry(key: Key) -> str:
    lines = ["", "[[keys]]", f'name = "{key.name}"', f'role = "{key.role}"', f'sha256 = "{key.digest}"']
    lines.append(f"per_minute = {key.per_minute}")
    if key.usd_per_day is not None:
        lines.append(f"usd_per_day = {float(key.usd_per_day)}")
    return "\n".join([*lines, ""])


def _read_key(entry: Any, number: int) -> Key:
    if not isinstance(entry, dict):
        raise InvalidKeys(f"entry {number} is no table")
    if unknown := entry.keys() - {"name", "role", "sha256", "per_minute", "usd_per_day"}:
        raise InvalidKeys(f"entry {number} has the unknown field {min(unknown)}")
    name, role, digest = (entry.get(field) for field in ("name", "role", "sha256"))
    per_minute, usd = entry.get("per_minute", PER_MINUTE), entry.get("usd_per_day")
    if not isinstance(name, str) or not is_name(name):
        raise InvalidKeys(f"the name of entry {number} must be {NAME_RULE}")
    if role not in list(Role):
        raise InvalidKeys(f"the role of entry {number} must be viewer or operator")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise InvalidKeys(f"sha256 of entry {number} must be 64 hexadecimal digits in lower case")
    if type(per_minute) is not int or not 1 <= per_minute <= 1_000_000:
        raise InvalidKeys(f"per_minute of entry {number} must be a whole number from 1 to 1000000")
    if usd is not None and (type(usd) not in {int, float} or not 0 <= usd <= 1_000_000):
        raise InvalidKeys(f"usd_per_day of entry {number} must be a number from 0 to 1000000")
    return Key(name, Role(role), digest, per_minute, None if usd is None else float(usd))
