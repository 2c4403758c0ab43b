"""The system as `make run` starts it, but for its supervisor: each part can be killed and started again.

The emulated X lives in this process and writes down when each account was asked for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from bench.emulated_site import raised_limits
from bench.ports import free_port
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.clock import SystemClock
from fetcher.emulator.app import Emulator
from fetcher.limiter.sqlite_store import SQLiteStore
from scripts.run import Settings, parts_of, seed_store
from scripts.supervisor import Part, answers
from tests.integration.running_system import ROOT, ports_of_parts

READY_S = 240.0
FACTOR = 1_000.0
"""Limits are raised so far, so that kills meet work and not waiting."""


@dataclass
class WatchedX:
    """The emulated platforms, each of whose requests takes `seconds`."""

    seconds: float
    fetcher_store: Path
    """Where the fetcher keeps its answers."""
    emulator: Emulator = field(default_factory=lambda: Emulator(limits=raised_limits(FACTOR)))
    asked: Counter[str] = field(default_factory=Counter)
    """How often each account was asked for."""
    asked_though_kept: set[str] = field(default_factory=set)
    """The accounts that were asked for while the fetcher held their answer."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        named = parse_qs(environ.get("QUERY_STRING", "")).get("usernames", [""])[0]
        names = [name for name in named.split(",") if name]
        with self._lock:
            if again := [name for name in names if self.asked[name]]:
                self.asked_though_kept |= self.kept(again)
            self.asked.update(names)
        if names:
            time.sleep(self.seconds)
        return list(self.emulator(environ, start_response))

    def kept(self, names: Iterable[str]) -> set[str]:
        """Those of the accounts whose answer the fetcher holds."""
        cache = Cache(SQLiteStore(self.fetcher_store, SystemClock()), instagram_s=0, negative_s=0)
        refs = [ProfileRef(Platform.X, handle=name) for name in names]
        return {str(ref.handle) for ref in cache.find(refs, activity=False)}


class KillableSystem:
    """Its parts by name: model server, fetcher, gateway, worker."""

    def __init__(self, state: Path, ports: dict[str, int], environment: dict[str, str]) -> None:
        self._environment = os.environ | environment
        self._ports = ports
        parts = parts_of(Settings(ports, state, live=False), {})
        self._parts = {part.name: part for part in parts if part.name != "emulated platforms"}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._state = state
        self.kills: list[str] = []
        """Which part was killed, in turn."""
        seed_store(parts[0].environment)

    def start(self, *names: str) -> None:
        """Start these parts, or all, and wait until they are ready."""
        for name in names or self._parts:
            part = self._parts[name]
            with (self._state / f"{name.replace(' ', '-')}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    part.command,
                    cwd=ROOT,
                    env=self._environment | part.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        for name in names or self._parts:
            _wait_ready(self._parts[name], self._running[name])

    def add_worker(self) -> str:
        """Start one more worker beside the others; its name."""
        name = f"worker {1 + sum(part.startswith('worker') for part in self._parts)}"
        port = free_port()
        environment = {**self._parts["worker"].environment, "WORKER_METRICS_PORT": str(port)}
        metrics = f"http://127.0.0.1:{port}/metrics"
        is_ready = partial(answers, metrics)
        self._parts[name] = replace(self._parts["worker"], name=name, environment=environment, is_ready=is_ready)
        self.start(name)
        return name

    def rows_done(self, worker: str) -> int:
        """How many rows the worker ended since it started, as its metrics say."""
        port = self._parts[worker].environment["WORKER_METRICS_PORT"]
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        return int(float(text.partition("\nrollcall_batch_rows_done_total ")[2].partition("\n")[0]))

    def kill(self, name: str) -> None:
        """kill -9 the part with all its processes, and start it again."""
        os.killpg(self._running[name].pid, signal.SIGKILL)
        self._running[name].wait()
        self.kills.append(name)
        self.start(name)

    def stop(self) -> None:
        """End everything."""
        for process in self._running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request to the gateway."""
        url = f"http://127.0.0.1:{self._ports['GATEWAY_PORT']}/api/v1/batches{path}"
        return requests.request(method, url, timeout=60, **more)


@contextmanager
def killable_system(
    state: Path, *, seconds: float, lease_s: float, **environment: str
) -> Iterator[tuple[KillableSystem, WatchedX]]:
    """Everything running, with the emulated platforms in this process."""
    ports = ports_of_parts()
    watched = WatchedX(seconds, state / "fetcher" / "emulated-2.sqlite3")
    server = make_server("127.0.0.1", ports["EMULATOR_PORT"], watched, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    state.mkdir(parents=True, exist_ok=True)
    windows = "; ".join(f"x.windows.{name}.limit={int(300 * FACTOR)}" for name in ("users/by", "users"))
    kept = {"LIMITS_OVERRIDE": windows, "BATCH_LEASE_S": str(lease_s)}
    system = KillableSystem(state, ports, kept | environment)
    try:
        system.start()
        yield system, watched
    finally:
        system.stop()
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: its lines would hold handles."""


def _wait_ready(part: Part, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while not part.is_ready():
        assert process.poll() is None, f"{part.name} ended with status {process.returncode}"
        assert time.monotonic() < deadline, f"{part.name} was not ready within {READY_S:.0f} s"
        time.sleep(0.05)
