"""A gateway on which there is something to see on every page, behind keys; its fetcher and model are invented."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import requests
from flask import Flask
from prometheus_client import CollectorRegistry

from contracts.fetch_api import AccountResult, Outcome
from contracts.profile_ref import ProfileRef
from gateway.access.key_file import save_keys
from gateway.app import create_app
from gateway.batches.claims import Claims
from gateway.batches.metrics import BatchMetrics
from gateway.batches.runner import Runner
from gateway.batches.store import BatchStore
from gateway.config import Config
from gateway.database import open_database
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from tests.e2e.serving import served
from tests.gateway.batches.fakes import FakeVersions
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel, found, nothing
from tests.gateway.guarded import KEYS, SECRETS

LONG_NAME = "followers_of_the_harbor_festival_export_" * 5
"""As long as a batch's name may be, and without a blank."""


@dataclass(frozen=True, slots=True)
class FilledSite:
    """Where it is, and the ids of what is there: a result, and batches by what has become of them."""

    url: str
    app: Flask
    things: Mapping[str, str]


@contextmanager
def filled_site(folder: Path) -> Iterator[FilledSite]:
    """Run it and fill it as the operator olga."""
    save_keys(folder / "keys.toml", KEYS)
    engine = open_database(f"sqlite:///{folder / 'gateway.db'}")
    upgrade(engine)
    fetcher, versions = FakeFetcher(answer=_answer), FakeVersions()
    app = create_app(
        Config(api_keys_file=folder / "keys.toml"),
        fetcher=fetcher,
        model=FakeModel(),
        versions=versions,
        demo=FakeDemo(),
        engine=engine,
        get=nothing,
    )
    registry = CollectorRegistry()
    claims = Claims(BatchStore(engine, time.time), lease_s=60)
    runner = Runner(claims, fetcher, versions, Metrics(registry), BatchMetrics(registry))
    try:
        with served(app) as url:
            yield FilledSite(url, app, _fill(url, runner))
    finally:
        engine.dispose()


def _answer(ref: ProfileRef) -> AccountResult:
    if ref.handle == "a_limited":
        return AccountResult(ref=ref, outcome=Outcome.RATE_LIMITED, retry_at=NOW.replace(year=2100))
    # Each account has an id of its own, so that a deletion takes no other along.
    return found(ref, id=str(crc32(ref.key.encode())), listed=None, verified=True)


def _fill(url: str, runner: Runner) -> Mapping[str, str]:
    def ask(method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {SECRETS['olga']}"}
        answer = requests.request(method, f"{url}/api/v1{path}", headers=headers, timeout=30, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def batch(*names: str, begin: bool = True, work: bool = True) -> str:
        made = str(ask("POST", "/batches", json={"accounts": list(names), "platform": "x", "name": LONG_NAME})["id"])
        if begin:
            ask("POST", f"/batches/{made}/confirm")
        while work and runner.step():
            pass
        return made

    result = str(ask("POST", "/classify", json={"profile": "https://x.com/reg_maple"})["result_id"])
    deadline = time.monotonic() + 10
    while not ask("GET", "/accounts/x/@reg_maple/results")["results"]:
        assert time.monotonic() < deadline, "The answer is not kept."
        time.sleep(0.05)
    ask("POST", "/corrections", json={"result_id": result, "label": "bot", "comment": "It posts every ten minutes."})
    many = [f"@reg_{number}" for number in range(12)]
    finished = batch(*many, *("no such",) * 11, "@reg_1")
    ask("POST", f"/batches/{finished}/sample", params={"size": 4, "seed": 1})
    ask("PUT", f"/batches/{finished}/sample/1", params={"reviewer": 1, "label": "bot"})
    things = {"result": result, "finished": finished, "other": batch(*many[:6])}
    things["planned"] = batch("@oak", "@elm", begin=False)
    things["running"] = batch("@birch", work=False)
    return things
