"""Several fetchers on one Redis, and one that is killed: real applications, real threads, the emulated platforms."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from contracts.platforms import Platform
from fetcher.app import create_app
from fetcher.clock import SystemClock
from fetcher.config import Config, Platforms
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.sqlite_store import SQLiteStore

NO_BUDGET = "x.budget.day_usd=0; x.budget.month_usd=0; instagram.spacing_s=0"


@pytest.fixture
def replicas(redis_server: Any, site: Any, tmp_path: Path) -> list[FlaskClient]:
    def build(number: int) -> FlaskClient:
        config = Config(
            platforms=Platforms.EMULATED,
            state_dir=tmp_path / str(number),
            limits=read_limits(overrides=NO_BUDGET),
            emulator_url=site.url,
            redis_url=redis_server.url,
        )
        return create_app(config).test_client()

    return [build(number) for number in range(2)]


def ask(client: FlaskClient, *handles: str, **fields: Any) -> list[dict[str, Any]]:
    body = {"accounts": [{"platform": "x", "handle": handle} for handle in handles], **fields}
    results: list[dict[str, Any]] = client.post("/profiles", json=body).get_json()["results"]
    return results


def at_once(*works: Callable[[], None]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        barrier.wait()
        work()

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_equal_questions_to_several_replicas_are_one_request(replicas: list[FlaskClient], site: Any) -> None:
    outcomes: list[str] = []

    def work(number: int) -> Callable[[], None]:
        client = replicas[number % 2].application.test_client()
        return lambda: outcomes.append(ask(client, "reg_same")[0]["outcome"])

    at_once(*map(work, range(40)))
    assert outcomes == ["ok"] * 40
    assert site.requests(Platform.X) == {"users_by_username": 1}


def test_lone_questions_at_once_leave_together(replicas: list[FlaskClient], site: Any) -> None:
    outcomes: list[str] = []
    works = [
        lambda n=number: outcomes.append(ask(replicas[0].application.test_client(), f"reg_{n}")[0]["outcome"])
        for number in range(40)
    ]
    at_once(*works)
    assert outcomes == ["ok"] * 40
    assert site.requests(Platform.X)["users_by_username"] <= 10


def test_what_one_replica_asked_the_other_answers_from_the_cache(replicas: list[FlaskClient], site: Any) -> None:
    ask(replicas[0], "reg_one")
    (result,) = ask(replicas[1], "reg_one")
    assert result["cached"] is True
    assert site.requests(Platform.X) == {"users_by_username": 1}


def test_replicas_keep_one_window(replicas: list[FlaskClient]) -> None:
    ask(replicas[0], "reg_one")
    ask(replicas[1], "reg_two")
    windows = [client.get("/limits").get_json()["platforms"] for client in replicas]
    used = {platform["windows"][0]["used"] for each in windows for platform in each if platform["platform"] == "x"}
    assert used == {2}


def test_a_lost_redis_is_reported_and_nothing_is_sent(
    replicas: list[FlaskClient], site: Any, redis_server: Any
) -> None:
    redis_server.stop()
    (result,) = ask(replicas[0], "reg_one", deadline_s=1)
    assert result["outcome"] == "upstream-error"
    assert "nothing is sent" in result["detail"]
    assert replicas[0].get("/readyz").status_code == 503
    assert site.requests(Platform.X) == {}
    redis_server.start()
    (result,) = ask(replicas[0], "reg_one", deadline_s=1)
    assert result["outcome"] == "rate-limited"
    assert replicas[0].get("/readyz").status_code == 200


def test_kill_9_in_the_middle_loses_no_count(site: Any, tmp_path: Path) -> None:
    """The killed process had granted at least what the platform saw; only what was on its way may count besides."""
    program = f"""
        import sys
        from pathlib import Path
        from fetcher.app import create_app
        from fetcher.config import Config, Platforms
        from fetcher.limiter.limits_file import read_limits
        limits = read_limits(overrides={NO_BUDGET!r})
        config = Config(platforms=Platforms.EMULATED, state_dir=Path({str(tmp_path)!r}), limits=limits,
                        emulator_url={site.url!r})
        client = create_app(config).test_client()
        for n in range(1000):
            accounts = [{{"platform": "x", "handle": f"reg_{{n}}"}}]
            (result,) = client.post("/profiles", json={{"accounts": accounts}}).get_json()["results"]
            print(result["outcome"], flush=True)
    """
    code = "\n".join(line[8:] for line in program.splitlines())
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for _ in range(30):
            assert run.stdout.readline() == "ok\n"
        os.kill(run.pid, signal.SIGKILL)
    seen = site.requests(Platform.X)["users_by_username"]
    rows = SQLiteStore(tmp_path / "fetcher" / "emulated-2.sqlite3", SystemClock()).ledger()
    assert seen <= len(rows) <= seen + 1
    config = Config(
        platforms=Platforms.EMULATED, state_dir=tmp_path, limits=read_limits(overrides=NO_BUDGET), emulator_url=site.url
    )
    again = create_app(config).test_client()
    accounts = [{"platform": "x", "handle": f"reg_{n}"} for n in range(30)]
    results = again.post("/profiles", json={"accounts": accounts}).get_json()["results"]
    assert [result["cached"] for result in results] == [True] * 30
    (window, *_), *_ = [
        each["windows"] for each in again.get("/limits").get_json()["platforms"] if each["platform"] == "x"
    ]
    assert seen <= window["used"] <= len(rows)
