"""A connection to PostgreSQL that is given up when it stays silent.

libpq bounds the opening of a connection only. A server that hangs, or a network that swallows what is sent, would hold
a thread for as long as that lasts, and with it the probe that should have noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event


class BoundedConnection(psycopg.Connection[Any]):
    """Raises psycopg.OperationalError where an answer takes longer than `answer_s` seconds, and is closed then."""

    answer_s: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg's, which waits without a bound."""
        try:
            return super().wait(gen, interval, self.answer_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # The answer may still come, to whoever used the connection next.
                self.pgconn.finish()
            raise


def bound_answers(engine: Engine, seconds: float) -> None:
    """Have every connection of an engine of psycopg wait no longer than `seconds` for an answer."""

    class Connection(BoundedConnection):
        answer_s = seconds

    connect: Callable[..., BoundedConnection] = Connection.connect
    event.listen(engine, "do_connect", lambda _dialect, _record, given, named: connect(*given, **named))
