"""The gateway's own database: SQLite on one machine, any other that SQLAlchemy speaks where replicas share it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import StaticPool

from gateway.errors import DatabaseUnavailableError

_WAIT_S = 2
"""Bound of a wait for a connection or a lock."""


def open_database(url: str) -> Engine:
    """An engine that connects when it is used; the folder of a SQLite file is made.

    Raises DatabaseUnavailableError where it cannot be.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True, pool_timeout=_WAIT_S, **_connect_arguments(url))
    in_memory = address.database in {None, "", ":memory:"}
    if address.database and not in_memory:
        try:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailableError(f"The database cannot be opened: {reason_of(error)}.") from error
    # A database in memory lives as long as its only connection.
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(address, connect_args={"timeout": _WAIT_S, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_arguments(url: str) -> dict[str, Any]:
    # `connect_timeout` is libpq's; other drivers name it otherwise.
    return {"connect_args": {"connect_timeout": _WAIT_S}} if url.startswith("postgresql") else {}


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by `_begin_sqlite`; the driver's own way begins none before a change of tables.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        # Taking the lock at once, writers wait for each other; taken later, one of them would have to start again.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def reason_of(error: Exception) -> str:
    """What happened, without the address and whatever password it holds."""
    return str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")
