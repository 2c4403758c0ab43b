"""Both emulated platforms on a free port, with limits that are wide enough for what is counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from werkzeug.serving import WSGIRequestHandler, make_server

from contracts.platforms import Platform
from fetcher.emulator.app import REAL_LIMITS, Emulator
from fetcher.emulator.windows import Limit


def raised_limits(factor: float) -> Mapping[Platform, Sequence[Limit]]:
    """The platforms' real limits, multiplied."""
    return {
        platform: [replace(limit, limit=max(1, int(limit.limit * factor))) for limit in each]
        for platform, each in REAL_LIMITS.items()
    }


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: its lines would hold handles."""


@contextmanager
def emulated_site(factor: float = 1.0) -> Iterator[tuple[Emulator, str]]:
    """The emulator and its address."""
    emulator = Emulator(limits=raised_limits(factor))
    server = make_server("127.0.0.1", 0, emulator, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield emulator, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
