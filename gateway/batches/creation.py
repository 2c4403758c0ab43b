"""Makes a batch of a list of accounts, once for each idempotency key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from contracts.profile_ref import ProfileRef
from gateway.batches.accounts import Accounts, Complaint, Refused
from gateway.batches.batch import Batch
from gateway.batches.errors import KeyReusedError, UnderWayError
from gateway.batches.states import BatchState, RowState
from gateway.batches.store import LOADING_S, BatchStore, in_state
from gateway.batches.tables import batches, lanes, lines, rows

_PIECE = 2_000
"""Rows stored in one transaction, so that no other writer waits long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """What is asked for. With `key` and `digest` (of the body), the same request twice makes one batch."""

    owner: str
    accounts: Accounts
    name: str = ""
    explain: bool = False
    key: str | None = None
    digest: str | None = None
    emulated: bool = False


def create(store: BatchStore, new: NewBatch) -> tuple[Batch, bool]:
    """The batch, and whether it is new; it is planned next. Raises KeyReusedError or UnderWayError."""
    if (known := _by_key(store, new)) is not None:
        return known, False
    batch_id = secrets.token_hex(16)
    try:
        with store.writing() as connection:
            connection.execute(sa.insert(batches).values(_values(batch_id, new, store.now())))
    except IntegrityError:
        # The same request came at the same moment; whoever was first makes the batch.
        known = _by_key(store, new)
        if known is None:
            raise UnderWayError from None
        return known, False
    records = [_row(batch_id, number, *each) for number, each in enumerate(new.accounts.rows, 1)]
    _insert(store, rows, records)
    _insert(store, lines, [_line(batch_id, each) for each in new.accounts.refused])
    kinds = sorted({(ref.platform.value, ref.id is not None) for _, ref in new.accounts.rows})
    with store.writing() as connection:
        connection.execute(
            sa.insert(lanes),
            [
                {"batch_id": batch_id, "platform": platform, "by_id": by_id, "ready_at": 0.0, "turn_at": 0.0}
                for platform, by_id in kinds
            ],
        )
        connection.execute(in_state(batch_id, BatchState.LOADING).values(state=BatchState.PLANNED))
    return store.get(new.owner, batch_id), True


def _by_key(store: BatchStore, new: NewBatch) -> Batch | None:
    if new.key is None:
        return None
    query = sa.select(batches).where(batches.c.owner == new.owner, batches.c.idempotency_key == new.key)
    with store.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if row["body_digest"] != new.digest:
        raise KeyReusedError("This Idempotency-Key came before with another body; use a new key for a new batch.")
    if row["state"] == BatchState.LOADING:
        if row["created_at"] < store.now() - LOADING_S:
            store.drop(row["id"])
            return None
        raise UnderWayError
    return Batch.read(row)


def _values(batch_id: str, new: NewBatch, now: float) -> dict[str, Any]:
    return {
        "id": batch_id,
        "owner": new.owner,
        "name": new.name,
        "state": BatchState.LOADING,
        "idempotency_key": new.key,
        "body_digest": new.digest,
        "created_at": now,
        "rows": len(new.accounts.rows),
        "duplicates": new.accounts.count(Complaint.DUPLICATE),
        "bad_lines": new.accounts.count(Complaint.BAD),
        "explain": new.explain,
        "emulated": new.emulated,
    }


def _insert(store: BatchStore, table: sa.Table, records: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(records), _PIECE):
        with store.writing() as connection:
            connection.execute(sa.insert(table), records[start : start + _PIECE])


def _row(batch_id: str, number: int, line: int, ref: ProfileRef) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "number": number,
        "line": line,
        "platform": ref.platform.value,
        "by_id": ref.id is not None,
        "handle": ref.handle,
        "account_id": ref.id,
        "state": RowState.WAITING.value,
        "available_at": 0.0,
        "attempts": 0,
    }


def _line(batch_id: str, refused: Refused) -> dict[str, Any]:
    return {"batch_id": batch_id, "line": refused.line, "kind": refused.kind.value, "detail": refused.detail}
