"""The key under which accounts are hashed in the ledger, so that the ledger names nobody."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from fetcher.errors import StoreUnavailable

BYTES = 32


def open_hash_key(path: Path) -> bytes:
    """The key in `path`; made where there is none, or where a full disk left none of its bytes.

    Raises StoreUnavailable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists() or path.stat().st_size < BYTES:
            _make(path)
        return path.read_bytes()
    except OSError as error:
        raise StoreUnavailable(f"The key {path} cannot be read or made: {error.strerror}.") from error


def _make(path: Path) -> None:
    """Whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.touch(mode=0o600)
        half.write_bytes(secrets.token_bytes(BYTES))
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
