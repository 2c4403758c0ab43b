"""A server as a child process, from its start until it is killed with all its children.

It stays in our session, as the parts of `make run` do: Linux shares the cores fairly between sessions, whatever the
priorities inside them (sched_autogroup).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.peers.environment import PeerAbsent
from bench.ports import free_ports

START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 15.0


def free_port(following: int = 1) -> int:
    """A port that nothing listens on now, as do the next `following` ones."""
    return free_ports(1 + following)[0]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    is_ready: Callable[[], bool],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = START_TIMEOUT_S,
) -> Iterator[int]:
    """Start it, wait until `is_ready`, give its process id, stop it at the end; raises PeerAbsent when it never is."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"} | (environment or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            end = time.monotonic() + timeout_s
            while not is_ready():
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    tail = log.read().decode("utf-8", "replace").strip()[-500:]
                    raise PeerAbsent(f"{command[0]} did not come up: {tail}")
                time.sleep(0.2)
            yield process.pid
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole group to end, then end it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_TIMEOUT_S)
