"""What only Redis can do: stop, come back, and come back with less than it had."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from fetcher.errors import StoreUnavailable
from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.state import State
from fetcher.limiter.store import LedgerRow


def fresh(lost_at: float | None) -> State:
    return State(spent_until=lost_at or 0.0)


def grant(store: RedisStore, token: str) -> None:
    row = LedgerRow(token=token, platform="x", method="m", credential="c", accounts=(), cost=0, wait_s=0.0)
    store.grant("key", fresh, lambda state, _: (replace(state, opened_at=state.opened_at + 1), None), lambda _: row)


def spent_until(store: RedisStore) -> float:
    return store.change("key", fresh, lambda state, _: (None, state.spent_until))


def test_the_time_is_the_servers(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, "test")
    assert abs(store.now() - time.time()) < 5
    assert abs(store.change("key", fresh, lambda _, now: (None, now)) - time.time()) < 5


def test_an_unreachable_server_fails_closed_and_is_met_again(redis_server: Any, tmp_path: Path) -> None:
    store = RedisStore(redis_server.url, "test", marker=tmp_path / "marker")
    grant(store, "1")
    clock = store.clock_id()
    redis_server.stop()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            grant(store, "2")
    redis_server.start()
    # It kept nothing, so everything counts as spent.
    assert abs(spent_until(store) - time.time()) < 5
    assert store.clock_id() != clock


class Dying:
    """Accepts connections and ends each after a while without an answer."""

    def __init__(self, after_s: float) -> None:
        self.asked = 0
        self._after_s = after_s
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.asked += 1
                time.sleep(self._after_s)
                connection.close()


def test_after_a_slow_failure_nobody_tries_for_a_moment() -> None:
    server = Dying(after_s=0.3)
    store = RedisStore(server.url, "test")
    asked, began = server.asked, time.monotonic()
    for _ in range(20):
        with pytest.raises(StoreUnavailable):
            store.now()
    assert time.monotonic() - began < 1
    assert server.asked == asked
    # The next one tries again.
    time.sleep(max(0.0, began + 1.05 - time.monotonic()))
    with pytest.raises(StoreUnavailable, match="ConnectionError"):
        store.now()
    assert server.asked == asked + 1
    server.close()


def test_a_server_that_is_away_at_the_start_is_met_later(redis_server: Any) -> None:
    redis_server.stop()
    store = RedisStore(redis_server.url, "test")
    with pytest.raises(StoreUnavailable):
        grant(store, "1")
    redis_server.start()
    grant(store, "1")
    assert spent_until(store) == 0


def test_a_server_restored_from_a_backup_is_lost(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, "test")
    grant(store, "1")
    with redis.Redis(port=redis_server.port) as client:
        backup = {key: client.dump(key) for key in client.scan_iter()}
        grant(store, "2")
        client.flushall()
        for key, value in backup.items():
            client.restore(key, 0, value)
    assert spent_until(store) > 0


def test_two_installations_on_one_server_know_nothing_of_each_other(redis_server: Any) -> None:
    one, other = RedisStore(redis_server.url, "live"), RedisStore(redis_server.url, "emulated")
    grant(one, "1")
    assert other.ledger() == []
    assert one.claim(["a"], "x", 10) == other.claim(["a"], "y", 10) == {"a"}


def test_a_state_that_cannot_be_read_fails_closed(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, "test")
    with redis.Redis(port=redis_server.port) as client:
        client.hset("{rollcall:test}:states", "key", "{}")
    with pytest.raises(StoreUnavailable):
        spent_until(store)


def test_a_marker_that_cannot_be_written_stops_no_grant_and_keeps_what_it_said(
    redis_server: Any, tmp_path: Path
) -> None:
    store = RedisStore(redis_server.url, "test", marker=tmp_path / "marker")
    grant(store, "1")
    said = (tmp_path / "marker").read_text()
    (tmp_path / "marker.new").mkdir()
    grant(store, "2")
    assert (tmp_path / "marker").read_text() == said
    redis_server.wipe()
    assert spent_until(RedisStore(redis_server.url, "test", marker=tmp_path / "marker")) > 0
