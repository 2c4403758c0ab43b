"""Loads and unloads give way to requests."""

from __future__ import annotations

import os
import sys
import threading
from threading import Thread

from serving.local_server.background import NICENESS, give_way


def test_only_the_calling_thread_gives_way() -> None:
    found: list[int] = []

    def work() -> None:
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == [NICENESS if sys.platform == "linux" else before]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
