"""Both real stores behind one fixture; Redis is a server that the tests start on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.store import Store


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
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = RedisServer(port, tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_session: RedisServer) -> RedisServer:
    if redis_session.process is None:
        redis_session.start()
    redis_session.wipe()
    return redis_session


@pytest.fixture(params=["sqlite", "redis"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> Callable[[], Store]:
    """Opens the same store again at each call, as a process does that starts; its time is the test's clock."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "folder" / "store.sqlite3", clock)
    server: RedisServer = request.getfixturevalue("redis_server")
    return lambda: RedisStore(server.url, "test", marker=tmp_path / "marker", now=clock.now)


@pytest.fixture
def lose_store(open_store: Callable[[], Store], request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], None]:
    """Takes away what the store holds, also from under those who have it open."""

    def lose() -> None:
        if "sqlite" in request.node.callspec.id:
            for file in (tmp_path / "folder").glob("store.sqlite3*"):
                if not file.name.endswith(".installed"):
                    file.unlink()
        else:
            request.getfixturevalue("redis_server").wipe()

    return lose
