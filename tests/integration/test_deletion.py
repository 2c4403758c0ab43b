"""A deletion reaches every place: answers, corrections, rows of batches, the fetcher's cache, and the files beneath."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from bench.redis_process import redis_process
from tests.integration.running_system import System, running_system

GONE, STAYS = "reg_fading_fern", "reg_staying_elm"


@pytest.fixture(params=["sqlite", "redis"], scope="module")
def store(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of the fetcher's Redis, None where it uses SQLite."""
    if request.param == "sqlite":
        yield None
        return
    if shutil.which("redis-server") is None:
        message = "redis-server is missing: apt-get install redis-server"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with redis_process() as url:
        yield url


@pytest.fixture(scope="module")
def system(store: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    environment = {} if store is None else {"FETCHER_REDIS_URL": store}
    with running_system(tmp_path_factory.mktemp("state"), **environment) as running:
        yield running


def ask(system: System, method: str, path: str, **more: Any) -> requests.Response:
    answer = requests.request(method, system.url("GATEWAY_PORT", path), timeout=30, **more)
    assert answer.status_code < 300, answer.text
    return answer


def batch_of(system: System, *handles: str) -> str:
    """A finished batch."""
    accounts = [f"https://x.com/{handle}" for handle in handles]
    batch_id = str(ask(system, "POST", "/api/v1/batches", json={"accounts": accounts}).json()["id"])
    ask(system, "POST", f"/api/v1/batches/{batch_id}/confirm")
    deadline = time.monotonic() + 90
    while ask(system, "GET", f"/api/v1/batches/{batch_id}").json()["state"] != "finished":
        assert time.monotonic() < deadline, "The batch does not finish."
        time.sleep(0.2)
    return batch_id


def places_with(system: System, store: str | None, text: str) -> list[str]:
    """Every file of the state and every value in Redis that holds the text."""
    found = [path.name for path in system.state.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
    if store is None:
        return found
    with redis.Redis.from_url(store) as client:
        for key in client.scan_iter():
            kind = client.type(key).decode()
            held = {"hash": client.hgetall, "string": client.get}.get(kind, lambda key: client.zrange(key, 0, -1))(key)
            if text in repr(held) + repr(key):
                found.append(repr(key))
    return found


@pytest.mark.timeout(300)
def test_nothing_is_left_anywhere(system: System, store: str | None) -> None:
    answer = system.classify(f"https://x.com/{GONE}").json()
    system.classify(f"https://x.com/{STAYS}")
    account_id = answer["profile"]["id"]
    ask(system, "POST", "/api/v1/corrections", json={"result_id": answer["result_id"], "label": "bot", "comment": GONE})
    batch_id = batch_of(system, GONE, STAYS)
    assert len(ask(system, "GET", f"/api/v1/accounts/x/{GONE}/results").json()["results"]) == 1
    assert places_with(system, store, GONE)

    told = ask(system, "DELETE", f"/api/v1/accounts/x/{account_id}").json()
    assert told["scope"] == "everyone"
    assert told["deleted"] == {"corrections": 1, "results": 1, "batch_rows": 1}

    for name in (GONE, account_id):
        assert ask(system, "GET", f"/api/v1/accounts/x/{name}/results").json() == {"results": []}
    assert ask(system, "GET", "/api/v1/corrections").json() == {"corrections": []}
    table = ask(system, "GET", f"/api/v1/batches/{batch_id}/results.csv").text
    assert GONE not in table
    assert account_id not in table
    assert "deleted" in table
    plan = requests.post(
        system.url("FETCHER_PORT", "/plan"),
        json={"accounts": [{"platform": "x", "handle": GONE}, {"platform": "x", "id": account_id}]},
        timeout=10,
    ).json()
    assert (plan["accounts"], plan["cached"]) == (2, 0)
    assert places_with(system, store, GONE) == []

    assert len(ask(system, "GET", f"/api/v1/accounts/x/{STAYS}/results").json()["results"]) == 1
    assert places_with(system, store, STAYS)
