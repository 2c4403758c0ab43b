"""Work that must not delay requests: loads and unloads of versions while others answer.

Loading a version and running each of its signatures for the first time costs seconds of one core. At the priority of
the requests, that showed in their slowest hundredth wherever cores were scarce.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICENESS = 15
"""Far below requests, and above what a machine does only when it is idle, so that a load ends under full load too.

SCHED_IDLE held requests of the same session up as rarely, and was starved for minutes on a machine that was busy. Where
clients are in another session or container than the server, neither helps: Linux shares the cores between those first.
"""


def give_way(niceness: int = NICENESS) -> None:
    """Lower the priority of the calling thread for the rest of its life; only Linux gives a thread its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # A sandbox may forbid it; the work is then done all the same.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
