"""One batch worked through while every part of the system is killed in turn, and what is to be seen afterwards."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.integration.killable_system import AskedFor, KillableSystem, WatchedX

PARTS = ("worker", "gateway", "fetcher", "model server")
_GRACE_S = 2.0
"""So long after a platform's answer the fetcher may take until it has kept it, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`outcomes` of all rows; accounts the platform was asked for twice, and those of them that no kill explains."""

    accounts: int
    kills: int
    state: str
    outcomes: dict[str, int]
    rows: int
    seconds: float
    asked_twice: int
    unexplained: int


def killed_batch(system: KillableSystem, watched: WatchedX, accounts: int, *, deadline_s: float) -> Aftermath:
    """Kill the parts one after the other at equal distances of the work; raises AssertionError at the deadline."""
    names = [f"{('reg', 'bot', 'inf', 'fake')[number % 4]}_{number}" for number in range(accounts)]
    created = system.ask("POST", "", json={"accounts": [f"@{name}" for name in names], "platform": "x"})
    assert created.status_code == 201, created.text
    batch = created.json()["id"]
    began = time.monotonic()
    assert system.ask("POST", f"/{batch}/confirm").status_code == 200
    for number, part in enumerate(PARTS, 1):
        _await(system, batch, done=number * accounts // (len(PARTS) + 1), until=began + deadline_s)
        system.kill(part)
    report = _await(system, batch, done=accounts, until=began + deadline_s)
    seconds = time.monotonic() - began
    lines = system.ask("GET", f"/{batch}/results.jsonl").text.splitlines()
    rows = [json.loads(line) for line in lines]
    twice = {name: asked for name, asked in watched.log.items() if len(asked) > 1}
    fetcher_kills = [at for part, at in system.kills if part == "fetcher"]
    return Aftermath(
        accounts=accounts,
        kills=len(system.kills),
        state=report["state"],
        outcomes=dict(Counter(row["outcome"] for row in rows)),
        rows=len({row["line"] for row in rows}),
        seconds=seconds,
        asked_twice=len(twice),
        unexplained=sum(not _explained(asked, fetcher_kills) for asked in twice.values()),
    )


def _explained(asked: list[AskedFor], kills: list[float]) -> bool:
    """Whether each request but the last was on its way when the fetcher was killed."""
    return all(
        any(each.began <= at and (each.ended is None or at <= each.ended + _GRACE_S) for at in kills)
        for each in asked[:-1]
    )


def _await(system: KillableSystem, batch: str, *, done: int, until: float) -> dict[str, Any]:
    """The batch once so many of its rows have an outcome, and its state is told with the last."""
    while True:
        report: dict[str, Any] = system.ask("GET", f"/{batch}").json()
        count = report["progress"]["rows"]["done"]
        if count >= done and (count < report["rows"] or report["state"] != "running"):
            return report
        assert time.monotonic() < until, f"{count} of {done} rows are done: {report}"
        time.sleep(0.1)
