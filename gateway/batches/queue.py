"""The work queue (Huey): messages that say "there is work", never what; what there is stands in SQL alone.

A message may get lost with the process that took it: the worker's pulse sends new ones for whatever is left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

if TYPE_CHECKING:
    from huey import Huey

_log = logging.getLogger(__name__)
_NAME = "rollcall"
MOST_QUEUED = 64
"""Messages that lie in the queue at most; the pulse fills it up again."""
_REDIS_S = 2.0
"""Bound of an answer of Redis."""


class WorkQueue:
    """The queue at `url`: sqlite:///path, redis://host:port/db, or sqlite:// within one process.

    The web process only sends; the worker hands in what is to be done by `on_step` and `daily`, and runs it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._work: Callable[[], object] = _nothing

    @cached_property
    def huey(self) -> Huey:
        """Opened when it is first needed: its libraries take 27 MB, which a gateway without batches need not hold."""
        return _open(self._url)

    @cached_property
    def _step(self) -> Any:
        def step() -> None:
            self._work()

        return self.huey.task(name="step")(step)

    def on_step(self, work: Callable[[], object]) -> None:
        """What one message sets off."""
        self._work = work

    def daily(self, name: str, hour: int, work: Callable[[], object]) -> None:
        """Have `work` done every day at `hour` (UTC) by one of the workers."""

        from huey import crontab  # noqa: PLC0415 - as for `huey`.

        def run() -> None:
            work()

        self.huey.periodic_task(crontab(minute="0", hour=str(hour)), name=name)(run)

    def send(self, messages: int = 1) -> bool:
        """Add messages, no more than the queue should hold; False where it cannot be reached, which the pulse mends."""
        try:
            for _ in range(min(messages, MOST_QUEUED - self.huey.pending_count())):
                self._step()
        except Exception as error:  # noqa: BLE001 - Each storage has errors of its own, and none may fail a request.
            _log.warning("The work queue does not answer.", extra={"fields": {"error": type(error).__name__}})
            return False
        return True

    def length(self) -> int:
        """Messages that wait."""
        return int(self.huey.pending_count())


def _open(url: str) -> Huey:
    # Results are not kept: what became of the work stands in SQL.
    from huey import MemoryHuey, RedisHuey, SqliteHuey  # noqa: PLC0415 - as for `WorkQueue.huey`.
    from redis import ConnectionPool  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    address = make_url(url)
    match address.get_backend_name():
        case "redis" | "rediss":
            # A person waits while a message is sent; the worker's own waits for messages take a second.
            once_more = Retry(NoBackoff(), 1)
            pool = ConnectionPool.from_url(url, socket_connect_timeout=1, socket_timeout=_REDIS_S, retry=once_more)
            return RedisHuey(_NAME, connection_pool=pool, results=False, utc=True)
        case "sqlite" if address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            return SqliteHuey(_NAME, filename=address.database, results=False, utc=True, timeout=2)
        case _:
            return MemoryHuey(_NAME, results=False, utc=True)


def _nothing() -> None:
    """A process that only sends."""
