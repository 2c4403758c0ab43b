"""How far a batch has come, told as it changes, without holding many threads.

A stream of events holds a thread of the server while it is open, so there are few of them at a time and each ends after
some seconds; a browser then connects again by itself. Whoever finds no free stream gets one event and a longer pause,
which is polling.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

STREAM_S = 10.0
LOOK_S = 1.0
"""How often an open stream looks into the database."""
AGAIN_S, POLL_S = 1.0, 4.0
"""When a browser connects again: after a stream, and where none was free."""


class ProgressStreams:
    """Safe to share between threads. `clock` is monotonic, `sleep` takes seconds."""

    def __init__(
        self,
        streams_at_most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._streams = threading.BoundedSemaphore(streams_at_most)
        self._clock = clock
        self._sleep = sleep

    def events(self, look: Callable[[], tuple[str, bool]]) -> Iterator[str]:
        """Server-sent events: `progress` with what `look` shows, at first and when it changes, `over` where it is.

        `look` gives HTML and whether nothing more will change.
        """
        free = self._streams.acquire(blocking=False)
        try:
            yield f"retry: {round(1000 * (AGAIN_S if free else POLL_S))}\n\n"
            until = self._clock() + (STREAM_S if free else 0)
            told = None
            while True:
                html, is_over = look()
                if html != told:
                    yield f"event: progress\ndata: {json.dumps(html)}\n\n"
                    told = html
                if is_over:
                    yield "event: over\ndata: {}\n\n"
                    return
                if self._clock() >= until:
                    return
                self._sleep(LOOK_S)
        finally:
            if free:
                self._streams.release()
