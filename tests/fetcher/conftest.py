"""A clock that tests turn, rules that are quick to exhaust, and on free ports both emulated platforms and a Redis."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from werkzeug.serving import WSGIRequestHandler, make_server

from bench.ports import free_port
from contracts.platforms import Platform
from fetcher.app import create_app
from fetcher.config import Config, Platforms
from fetcher.emulator.app import REAL_LIMITS, Emulator
from fetcher.emulator.windows import Limit
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.rules import Limits


@dataclass
class TurnedClock:
    """Sleeping moves it on at once; `slept` remembers each sleep."""

    time: float = 1_700_000_000.0
    slept: list[float] = field(default_factory=list)
    stepped: float = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def step(self) -> float:
        stepped, self.stepped = self.stepped, 0.0
        return stepped


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass
class Site:
    """An emulator in a thread; `clock` is what it takes for the time."""

    emulator: Emulator
    url: str
    clock: TurnedClock

    def violations(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for accounting in self.emulator.accounting.values():
            found |= accounting.document()["violations"]  # type: ignore[arg-type]
        return found

    def requests(self, platform: Platform) -> dict[str, int]:
        return self.emulator.accounting[platform].document()["requests"]  # type: ignore[return-value]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def run_emulator(clock: TurnedClock) -> Iterator[Callable[..., Site]]:
    """Starts an emulator on a free port, with limits multiplied by `factor`."""
    servers = []

    def run(factor: float = 1.0) -> Site:
        limits: dict[Platform, list[Limit]] = {
            platform: [replace(limit, limit=max(1, int(limit.limit * factor))) for limit in each]
            for platform, each in REAL_LIMITS.items()
        }
        emulator = Emulator(limits=limits, now=clock.now)
        server = make_server("127.0.0.1", 0, emulator, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return Site(emulator, f"http://127.0.0.1:{server.server_port}", clock)

    yield run
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(run_emulator: Callable[..., Site]) -> Site:
    return run_emulator()


@pytest.fixture
def limits() -> Limits:
    return read_limits(overrides="x.budget.day_usd=0; x.budget.month_usd=0; instagram.spacing_s=0")


@pytest.fixture
def config(tmp_path: Path, site: Site, limits: Limits) -> Config:
    return Config(
        platforms=Platforms.EMULATED,
        state_dir=tmp_path,
        limits=limits,
        emulator_url=site.url,
    )


@pytest.fixture
def app(config: Config, clock: TurnedClock) -> Flask:
    return create_app(config, clock=clock, registry=CollectorRegistry())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@dataclass
class RedisServer:
    """A redis-server of our own, without persistence."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        arguments = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self.process = subprocess.Popen([*arguments, str(self.folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        with redis.Redis(port=self.port) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < deadline, "redis-server did not start."
                    time.sleep(0.02)
                else:
                    return

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def wipe(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()


@pytest.fixture(scope="session")
def redis_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        message = "redis-server is missing; install it to test what several fetchers share."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    server = RedisServer(free_port(), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_session: RedisServer) -> RedisServer:
    if redis_session.process is None:
        redis_session.start()
    redis_session.wipe()
    return redis_session
