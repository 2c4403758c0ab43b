"""The whole system, as `make run` starts it, on free ports and with a state of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.ports import free_ports
from scripts.run import PORTS

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class System:
    """A running system: its supervisor, where its parts listen, and where it keeps its state."""

    process: subprocess.Popen[str]
    ports: dict[str, int]
    state: Path

    def url(self, port: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def classify(self, profile: str, **more: str) -> requests.Response:
        address = self.url("GATEWAY_PORT", "/api/v1/classify")
        return requests.post(address, json={"profile": profile, **more}, timeout=30)


@contextmanager
def running_system(state: Path, **environment: str) -> Iterator[System]:
    """Start it, wait for its one line, and end it with Ctrl-C's signal."""
    ports = ports_of_parts()
    names = {name: str(port) for name, port in ports.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.run"],
        cwd=ROOT,
        env=os.environ | names | {"STATE_DIR": str(state)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Rollcall is running: http://127.0.0.1:"), line + process.stdout.read()
        yield System(process, ports, state)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        process.stdout.close()


def ports_of_parts() -> dict[str, int]:
    """A port that nobody listens on for each part."""
    return dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
