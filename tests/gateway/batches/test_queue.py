"""A Redis under the work queue that takes what is sent and says nothing."""

from __future__ import annotations

import socket
import time

from gateway.batches.queue import WorkQueue


def test_a_redis_that_hangs_keeps_a_person_waiting_for_seconds_only() -> None:
    # The kernel takes connections on behalf of a listener that never looks at them.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue = WorkQueue(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        assert not queue.send()
        assert time.monotonic() - began < 9
        queue.huey.storage.pool.disconnect()
