"""Tombstones: that an account was deleted and when, in the database and in a file that outlives a restore of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.results.tables import tombstones

EVERYBODY = ""
"""The owner of a tombstone that holds for all."""
_GROUND = 727_401_002
"""Any number that no other program locks in this database."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Nothing of the account `account_hash` that `owner` had up to `deleted_at` may come back."""

    account_hash: str
    owner: str
    deleted_at: float
    reason: str
    key_id: str


def share_ground(connection: sa.Connection) -> None:
    """Wait for deletions under way; whoever stores something new does this first."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_GROUND)))


def take_ground(connection: sa.Connection) -> None:
    """Wait for whoever stores something, and have the others wait; SQLite lets one write at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_GROUND)))


def buried_after(connection: sa.Connection, hashes: Sequence[str]) -> dict[tuple[str, str], float]:
    """Hash and owner -> when it was deleted last."""
    found: dict[tuple[str, str], float] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        some = tombstones.c.account_hash.in_(hashes[start : start + _AT_ONCE])
        for row in connection.execute(sa.select(tombstones).where(some)).mappings():
            found[row["account_hash"], row["owner"]] = row["deleted_at"]
    return found


def all_tombstones(connection: sa.Connection) -> list[Tombstone]:
    """Everything that was ever deleted."""
    return [Tombstone(**row) for row in connection.execute(sa.select(tombstones)).mappings()]


def bury(connection: sa.Connection, stones: Iterable[Tombstone]) -> int:
    """Put tombstones into the database, where a later one takes the place of an earlier; how many were new."""
    latest: dict[tuple[str, str], Tombstone] = {}
    for stone in stones:
        place = stone.account_hash, stone.owner
        if place not in latest or latest[place].deleted_at < stone.deleted_at:
            latest[place] = stone
    known = buried_after(connection, [account_hash for account_hash, _ in latest])
    new = [stone for place, stone in latest.items() if known.get(place, float("-inf")) < stone.deleted_at]
    for stone in new:
        same = (tombstones.c.account_hash == stone.account_hash) & (tombstones.c.owner == stone.owner)
        connection.execute(sa.delete(tombstones).where(same))
    if new:
        connection.execute(sa.insert(tombstones), [asdict(stone) for stone in new])
    return len(new)


def append_to_file(path: Path | None, stones: Sequence[Tombstone]) -> None:
    """Add tombstones to the file, one JSON object a line, on the disk before this returns; raises OSError."""
    if path is None or not stones:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(asdict(stone))}\n" for stone in stones)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="ascii") as stream:
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())


def read_file(path: Path) -> list[Tombstone]:
    """The tombstones of a file; a line that a crash cut short is left out. Raises OSError."""
    stones = []
    for line in path.read_text("ascii", errors="replace").splitlines():
        try:
            stones.append(_stone(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return stones


def _stone(record: Mapping[str, Any]) -> Tombstone:
    return Tombstone(
        account_hash=str(record["account_hash"])[:40],
        owner=str(record["owner"])[:64],
        deleted_at=float(record["deleted_at"]),
        reason=str(record["reason"])[:16],
        key_id=str(record["key_id"])[:16],
    )
