"""A redis-server of a benchmark's own, on a free port, without persistence."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import redis

from bench.ports import free_port


@contextmanager
def redis_process() -> Iterator[str]:
    """Its URL; it is stopped at the end. Raises FileNotFoundError where redis-server is not installed."""
    port = free_port()
    with TemporaryDirectory() as folder:
        arguments = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as process:
            try:
                _await(port)
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.kill()


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
