"""The installation's own secret: signs sessions and hashes accounts. It never leaves this machine or the database's
backups, so that what was hashed cannot be guessed from a copy of the database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

BYTES = 32


class SecretKeyError(ValueError):
    """The file holds no secret that can be used; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """At least 32 bytes; every use derives its own key, named by `purpose`."""

    material: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from which no other can be found."""
        return hmac.new(self.material, purpose.encode(), hashlib.sha256).digest()


def open_secret_key(path: Path | None) -> SecretKey:
    """The secret in `path`, made at first; None is one that ends with the process. Raises SecretKeyError."""
    if path is None:
        return SecretKey(secrets.token_bytes(BYTES))
    try:
        _make(path)
        material = path.read_bytes().strip()
    except OSError as error:
        raise SecretKeyError(f"The secret key in {path} cannot be read or made: {error.strerror}.") from None
    if len(material) < BYTES:
        raise SecretKeyError(f"The secret key in {path} must hold at least {BYTES} bytes; delete it to get a new one.")
    return SecretKey(material)


def _make(path: Path) -> None:
    """Whole or not at all: several processes may start at once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    half.touch(mode=0o600)
    try:
        half.write_text(f"{secrets.token_hex(BYTES)}\n")
        # A link is refused where another process was faster, and its secret is the one.
        path.hardlink_to(half)
    except FileExistsError:
        return
    finally:
        half.unlink()
