"""Both real stores behind one fixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.store import Store


@pytest.fixture(params=["sqlite", "redis"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> Callable[[], Store]:
    """Opens the same store again at each call, as a process does that starts; its time is the test's clock."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "folder" / "store.sqlite3", clock)
    server = request.getfixturevalue("redis_server")
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
