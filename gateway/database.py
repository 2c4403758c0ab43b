"""The gateway's own database: SQLite on one machine, any other that SQLAlchemy speaks where replicas share it."""

from __future__ import annotations

import logging
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from gateway.config import IN_MEMORY
from gateway.errors import DatabaseUnavailableError
from gateway.same_file import stay_with_the_name

_log = logging.getLogger(__name__)
_WAIT_S = 2
"""Bound of a wait for a connection or a lock."""
_ANSWER_S = 10.0
"""Bound of a statement while a person waits. All that are known take less than a second."""


def open_database(url: str, *, wait_s: float = _WAIT_S, answer_s: float | None = None) -> Engine:
    """An engine that connects when it is used; the folder of a SQLite file is made.

    `wait_s` bounds a wait for a connection or a lock: short where a person waits, longer in the worker. `answer_s`
    bounds what one statement may take of PostgreSQL, None does not.

    Raises DatabaseUnavailableError where it cannot be.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        engine = create_engine(address, pool_pre_ping=True, pool_timeout=wait_s, **_connect_arguments(url))
        if answer_s is not None and engine.driver == "psycopg":
            from gateway.bounded_connection import bound_answers  # noqa: PLC0415 - SQLite needs no psycopg.

            bound_answers(engine, answer_s)
        return engine
    in_memory = address.database in {None, "", ":memory:"}
    if address.database and not in_memory:
        try:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailableError(f"The database cannot be opened: {reason_of(error)}.") from error
    # A database in memory lives as long as its only connection, which its users take in turns.
    single = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": wait_s}
    pool: dict[str, Any] = single if in_memory else {}
    engine = create_engine(address, connect_args={"timeout": wait_s, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", partial(_set_up_sqlite, wait_s=wait_s))
    event.listen(engine, "begin", _begin_sqlite)
    if address.database and not in_memory:
        stay_with_the_name(engine, Path(address.database))
    return engine


def open_tables(url: str) -> Engine:
    """The same with its tables: those of a database in memory are made, others `gateway.migrations` makes.

    Raises DatabaseUnavailableError.
    """
    engine = open_database(url, answer_s=_ANSWER_S)
    if url == IN_MEMORY:
        from gateway.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic is heavy, and nothing else needs it.

        upgrade(engine)
    return engine


def _connect_arguments(url: str) -> dict[str, Any]:
    # `connect_timeout` is libpq's; other drivers name it otherwise.
    return {"connect_args": {"connect_timeout": _WAIT_S}} if url.startswith("postgresql") else {}


def _set_up_sqlite(connection: Any, _record: Any, *, wait_s: float) -> None:
    # Transactions are begun by `_begin_sqlite`; the driver's own way begins none before a change of tables.
    connection.isolation_level = None
    use_write_ahead_log(connection, wait_s)
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, so that the file holds nothing of an account that was deleted.
    connection.execute("PRAGMA secure_delete = ON")


def use_write_ahead_log(connection: sqlite3.Connection, wait_s: float) -> None:
    """Let readers go on while one process writes.

    SQLite answers "database is locked" at once, whatever the connection's own bound, where two processes change a new
    file's journal together: this tries again for `wait_s` seconds. Raises sqlite3.OperationalError.
    """
    end = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        # Taking the lock at once, writers wait for each other; taken later, one of them would have to start again.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def reason_of(error: Exception) -> str:
    """What happened, without the address and whatever password it holds."""
    return str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")


def failure_of(error: SQLAlchemyError) -> DatabaseUnavailableError:
    """What `error` is to whoever asked; the log gets the reason, but for those that could quote a value."""
    told = not isinstance(error, DataError | IntegrityError | ProgrammingError)
    reason = reason_of(error) if told else type(error).__name__
    _log.warning("The database cannot be used.", extra={"fields": {"error": reason}})
    return DatabaseUnavailableError("The gateway's database does not answer.")
