"""`python -m serving.local_server` as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.ports import free_port
from tests.serving.harness import Client


class Process:
    """`python -m serving.local_server` with these flags."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.port = free_port()
        self._log = folder / f"log-{self.port}"
        command = [sys.executable, "-m", "serving.local_server", f"--port={self.port}", "--bind_address=127.0.0.1"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([*command, *flags], stdout=log, stderr=subprocess.STDOUT)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu_s(self) -> float:
        """The processor time that it has used; it grows while a request is run, and hardly while none is."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def client(self) -> Client:
        """A client, once the port is open."""
        until(self.listens)
        return Client(f"127.0.0.1:{self.port}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def until(reached: Callable[[], bool], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
