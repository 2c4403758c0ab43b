"""How many requests reach the platform: for 10,000 distinct X handles, and for 1,000 simultaneous equal questions.

Two fetchers (real applications, in one process) on one Redis, against the emulated platform over HTTP. The plain way is
Tweepy as its documentation shows it: one handle to a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from typing import Any

import requests
import tweepy
from flask import Flask
from requests.adapters import BaseAdapter

from bench.emulated_site import emulated_site
from bench.redis_process import redis_process
from bench.report import Figure
from contracts.platforms import Platform
from fetcher.app import create_app
from fetcher.config import Config, Platforms
from fetcher.emulator.app import Emulator
from fetcher.limiter.limits_file import read_limits

_DISTINCT, _EQUAL = 10_000, 1_000
_OVERRIDES = "x.budget.day_usd=0; x.budget.month_usd=0"


def measure() -> list[Figure]:
    """Counted by the emulated platform itself."""
    with emulated_site(100) as (emulator, url), redis_process() as redis_url, TemporaryDirectory() as folder:
        config = Config(
            platforms=Platforms.EMULATED,
            state_dir=Path(folder),
            limits=read_limits(overrides=_OVERRIDES),
            emulator_url=url,
            redis_url=redis_url,
        )
        fetchers = [create_app(config), create_app(config)]
        equal = _sent(emulator, lambda: _ask_at_once(fetchers, ["reg_same"] * _EQUAL))
        distinct = _sent(emulator, lambda: _ask_in_batches(fetchers, [f"reg_{n}" for n in range(_DISTINCT)]))
        together = _sent(emulator, lambda: _ask_at_once(fetchers, [f"bot_{n}" for n in range(200)]))
    return [
        Figure("requests_10000_handles", distinct, "requests", "<= 100", {"tweepy": float(_plain(_DISTINCT))}),
        Figure("requests_1000_equal", equal, "requests", "<= 1", {"tweepy": float(_plain(_EQUAL))}),
        Figure("requests_200_lone_at_once", together, "requests", "", {"tweepy": float(_plain(200))}),
    ]


def _sent(emulator: Emulator, work: Any) -> int:
    before = _counted(emulator)
    work()
    return _counted(emulator) - before


def _counted(emulator: Emulator) -> int:
    counts: Any = emulator.accounting[Platform.X].document()["requests"]
    return sum(counts.values())


def _ask(fetcher: Flask, handles: Sequence[str], **fields: Any) -> None:
    body = {"accounts": [{"platform": "x", "handle": handle} for handle in handles], "deadline_s": 30, **fields}
    results = fetcher.test_client().post("/profiles", json=body).get_json()["results"]
    bad = [result for result in results if result["outcome"] != "ok"]
    if bad:
        raise AssertionError(f"{len(bad)} accounts were not answered, the first with {bad[0]['outcome']}.")


def _ask_in_batches(fetchers: Sequence[Flask], handles: Sequence[str]) -> None:
    chunks = [handles[start : start + 1000] for start in range(0, len(handles), 1000)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: _ask(fetchers[pair[0] % 2], pair[1], priority="batch"), enumerate(chunks)))


def _ask_at_once(fetchers: Sequence[Flask], handles: Sequence[str]) -> None:
    barrier, failures = Barrier(len(handles)), list[BaseException]()

    def run(number: int, handle: str) -> None:
        barrier.wait()
        try:
            _ask(fetchers[number % len(fetchers)], [handle])
        except BaseException as error:  # noqa: BLE001 - handed to the thread that measures.
            failures.append(error)

    threads = [Thread(target=run, args=each) for each in enumerate(handles)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class _Counter(BaseAdapter):
    def __init__(self) -> None:
        super().__init__()
        self.requests = 0

    def send(self, request: Any, **_: Any) -> requests.Response:
        self.requests += 1
        response = requests.Response()
        response.status_code, response.request, response._content = 200, request, b"{}"
        return response

    def close(self) -> None:
        """Nothing is open."""


def _plain(handles: int) -> int:
    counter, client = _Counter(), tweepy.Client("t")
    client.session.mount("https://", counter)
    for number in range(handles):
        client.get_user(username=f"u{number}")
    return counter.requests
