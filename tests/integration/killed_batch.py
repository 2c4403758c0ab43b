"""One batch worked through while every part of the system is killed in turn, and what is to be seen afterwards."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.integration.killable_system import KillableSystem, WatchedX

PARTS = ("worker", "gateway", "fetcher", "model server")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`outcomes` of all rows; accounts that the platform was asked for twice, and those whose answer was kept then.

    `kept`: how many answers the fetcher holds at the end.
    """

    accounts: int
    kills: int
    state: str
    outcomes: dict[str, int]
    rows: int
    seconds: float
    asked_twice: int
    asked_though_kept: int
    kept: int


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
    return Aftermath(
        accounts=accounts,
        kills=len(system.kills),
        state=report["state"],
        outcomes=dict(Counter(row["outcome"] for row in rows)),
        rows=len({row["line"] for row in rows}),
        seconds=seconds,
        asked_twice=sum(times > 1 for times in watched.asked.values()),
        asked_though_kept=len(watched.asked_though_kept),
        kept=len(watched.kept(names)),
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
