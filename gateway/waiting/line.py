"""Where a ticket stands, told as it changes, without holding many threads.

A stream of events holds a thread of the server while it is open. So there are few of them at a time and each ends after
some seconds; a browser then connects again by itself. Whoever finds no free stream gets one event and a longer pause,
which is polling.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from math import ceil
from typing import Any

from contracts.json_fields import write_time
from gateway.errors import FetcherUnreachableError
from gateway.fetcher_client import Fetcher, Place

STREAM_S = 10.0
LOOK_S = 2.0
"""How often an open stream asks the fetcher."""
AGAIN_S, POLL_S = 1.0, 5.0
"""When a browser connects again: after a stream, and where none was free."""


class WaitingLine:
    """Safe to share between threads. `now` gives the time in UTC; `clock` is monotonic, `sleep` takes seconds."""

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        streams_at_most: int,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._streams = threading.BoundedSemaphore(streams_at_most)
        self._now = now
        self._clock = clock
        self._sleep = sleep

    def events(self, ticket: str, request_id: str) -> Iterator[str]:
        """Server-sent events: `place` at first and when it changes, `turn` when the time has come.

        https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        with self._stream() as lasts_s:
            yield f"retry: {round(1000 * (AGAIN_S if lasts_s else POLL_S))}\n\n"
            until = self._clock() + lasts_s
            told: Place | None = None
            while True:
                place = self._look(ticket, request_id, told)
                left = self._left(place)
                if left is not None and left <= 0:
                    yield self._event("turn", place)
                    return
                if place != told:
                    yield self._event("place", place)
                    told = place
                pause = min(LOOK_S, until - self._clock(), LOOK_S if left is None else left)
                if pause <= 0:
                    return
                self._sleep(pause)

    def told(self, ticket: str, request_id: str) -> dict[str, Any]:
        """Where it stands now, as `place_json`; raises FetcherUnreachableError."""
        return place_json(self._fetcher.place(ticket, request_id), self._now())

    def _event(self, name: str, place: Place) -> str:
        return f"event: {name}\ndata: {json.dumps(place_json(place, self._now()))}\n\n"

    def _look(self, ticket: str, request_id: str, told: Place | None) -> Place:
        try:
            return self._fetcher.place(ticket, request_id)
        except FetcherUnreachableError:
            # A fetcher that is being replaced forgets no line; until then the last answer holds.
            return told or Place()

    def _left(self, place: Place) -> float | None:
        return None if place.retry_at is None else (place.retry_at - self._now()).total_seconds()

    @contextmanager
    def _stream(self) -> Iterator[float]:
        """For how long a stream may stay open, 0 where no further one may be."""
        if not self._streams.acquire(blocking=False):
            yield 0.0
            return
        try:
            yield STREAM_S
        finally:
            self._streams.release()


def place_json(place: Place, now: datetime) -> dict[str, Any]:
    """As the API and the events tell it; the seconds are for those whose own clock is wrong."""
    if place.retry_at is None:
        return {"position": place.position, "retry_at": None, "retry_after_s": None}
    seconds = max(0, ceil((place.retry_at - now).total_seconds()))
    return {"position": place.position, "retry_at": write_time(place.retry_at), "retry_after_s": seconds}
