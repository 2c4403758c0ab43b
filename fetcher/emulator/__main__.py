"""`python -m fetcher.emulator`: serves both emulated platforms on EMULATOR_PORT until it is stopped."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from types import FrameType

from werkzeug.serving import WSGIRequestHandler, make_server

from fetcher.emulator.app import REAL_LIMITS, Emulator


class _Quiet(WSGIRequestHandler):
    """Its lines would hold handles."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def main() -> int:
    """EMULATOR_PORT (8002), BIND_HOST (127.0.0.1), and EMULATOR_LIMIT_FACTOR (1) by which every limit is multiplied."""
    try:
        port = int(os.environ.get("EMULATOR_PORT") or 8002)
        factor = float(os.environ.get("EMULATOR_LIMIT_FACTOR") or 1)
        if not 0 <= port <= 65535 or not 0 < factor <= 1e6:
            raise ValueError  # noqa: TRY301
    except ValueError:
        print("EMULATOR_PORT and EMULATOR_LIMIT_FACTOR must be numbers.", file=sys.stderr)  # noqa: T201
        return 2
    limits = {
        platform: [replace(limit, limit=max(1, int(limit.limit * factor))) for limit in each]
        for platform, each in REAL_LIMITS.items()
    }
    host = os.environ.get("BIND_HOST") or "127.0.0.1"
    try:
        server = make_server(host, port, Emulator(limits=limits), threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit):
        print(f"The emulated platforms cannot listen on {host}:{port}.", file=sys.stderr)  # noqa: T201
        return 1

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
