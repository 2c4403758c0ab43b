"""How the tables of batches are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.database import failure_of


class Transactions:
    """Safe to share between threads; `now` gives seconds since the epoch."""

    def __init__(self, engine: sa.Engine, now: Callable[[], float]) -> None:
        self.engine = engine
        self.now = now
        # SQLite lets one writer in and the others try again and again; the threads of a process rather queue up here.
        self._turn: AbstractContextManager[object] = Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction; raises DatabaseUnavailableError, and IntegrityError as it is."""
        try:
            with self._turn, self.engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise failure_of(error) from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A look that takes no lock; raises DatabaseUnavailableError."""
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection
        except SQLAlchemyError as error:
            raise failure_of(error) from error
