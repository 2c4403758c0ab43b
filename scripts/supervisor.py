"""Starts processes together, waits until each is ready, and stops all of them when one dies or a signal comes."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

START_SECONDS = 120.0
STOP_SECONDS = 15.0
TAIL_LINES = 20


class PartFailed(Exception):  # noqa: N818 - it is what happened.
    """A part ended, or was not ready in time; `log` is where it wrote."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}")
        self.log = log


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its command, its own environment on top of ours, and whether it answers yet.

    It keeps to `core`, where there is one and the system can do that.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool]
    core: int | None = None


class Supervisor:
    """Runs parts until one ends or the caller stops them; a context manager that leaves no process behind."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[Part, subprocess.Popen[bytes], IO[bytes]]] = []

    def __enter__(self) -> Supervisor:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, part: Part) -> None:
        """Start one part in a process group of its own, its output in a log of its own.

        Not in a session of its own: Linux shares the cores fairly between sessions whatever the priorities inside them
        (sched_autogroup), so that a version which the model server loads in the background would hold up the gateway.
        """
        log = self.log_of(part).open("wb")
        process = subprocess.Popen(
            part.command,
            env=os.environ | part.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=partial(_begin, part.core),  # noqa: PLW1509 - this process has one thread.
        )
        self._running.append((part, process, log))

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when every part is ready; raises PartFailed."""
        deadline = time.monotonic() + seconds
        waiting = [part for part, _, _ in self._running]
        while waiting:
            self.check()
            waiting = [part for part in waiting if not part.is_ready()]
            if waiting and time.monotonic() > deadline:
                raise PartFailed(waiting[0].name, f"was not ready within {seconds:.0f} s", self.log_of(waiting[0]))
            time.sleep(0.05)

    def check(self) -> None:
        """Raise PartFailed if a part has ended."""
        for part, process, _ in self._running:
            if process.poll() is not None:
                raise PartFailed(part.name, f"ended with status {process.returncode}", self.log_of(part))

    def stop(self) -> None:
        """Ask all parts to end, the last started first, and kill what has not ended in time."""
        for _, process, _ in reversed(self._running):
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for _, process, log in self._running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
            log.close()
        self._running.clear()

    def log_of(self, part: Part) -> Path:
        """Where `part` writes."""
        return self._logs / f"{part.name.replace(' ', '-')}.log"


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def answers(url: str) -> bool:
    """Whether a GET of `url` gives a 2xx answer now."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - only our own loopback addresses come here.
            return True
    except (urllib.error.URLError, OSError):
        return False


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def usable_cores() -> list[int]:
    """The cores that this process may use; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def _begin(core: int | None) -> None:
    """On Linux, keep the child to `core`, and have it get SIGTERM when this process dies without stopping it."""
    if sys.platform == "linux":
        if core is not None:
            os.sched_setaffinity(0, {core})
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
