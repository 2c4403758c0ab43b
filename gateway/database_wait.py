"""Waiting for a database that is still starting, as when a whole cluster starts at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import reason_of
from gateway.errors import DatabaseUnavailableError

_PAUSE_S = 1.0


def wait_until_open(
    engine: Engine,
    within_s: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] | None = None,
) -> None:
    """Return once `engine` connects; `within_s` seconds are waited for it, and what it waits for is said once.

    Raises DatabaseUnavailableError.
    """
    end = now() + within_s
    say = say or _say
    said = False
    while True:
        try:
            engine.connect().close()
        except (SQLAlchemyError, OSError) as error:
            if now() >= end:
                raise DatabaseUnavailableError(f"The database cannot be opened: {reason_of(error)}.") from error
            if not said:
                say(f"Waiting up to {within_s:g} s for the database: {reason_of(error)}.\n")
                said = True
            sleep(_PAUSE_S)
        else:
            return


def _say(line: str) -> None:
    # The stream of the moment, whatever has taken its place since this module was loaded.
    sys.stderr.write(line)
