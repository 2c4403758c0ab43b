"""What the running Prometheus says, asked from inside the gateway's container, which reaches it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from tests.compose.stack import Stack

_CODE = """
import json, sys, urllib.parse, urllib.request
found = []
for path in json.load(sys.stdin):
    with urllib.request.urlopen("http://prometheus:9090" + path, timeout=20) as answer:
        found.append(json.load(answer)["data"])
print(json.dumps(found))
"""


def targets(stack: Stack) -> dict[str, str]:
    """Job -> health of its worst target."""
    (found,) = _ask(stack, ["/api/v1/targets?state=active"])
    health: dict[str, str] = {}
    for each in found["activeTargets"]:
        job = each["labels"]["job"]
        health[job] = each["health"] if health.get(job, "up") == "up" else health[job]
    return health


def without_data(stack: Stack, expressions: Sequence[tuple[str, str]]) -> list[str]:
    """Those of `expressions` (a panel's name, its expression) that give nothing, or no number."""
    answers = _ask(stack, [f"/api/v1/query?query={quote(expression)}" for _, expression in expressions])
    return [
        f"{name}: {expression}"
        for (name, expression), answer in zip(expressions, answers, strict=True)
        if not any(sample["value"][1] != "NaN" for sample in answer["result"])
    ]


def wait_until_nothing(look: Callable[[], list[str]], seconds: float) -> list[str]:
    """Call `look` until it finds nothing; what it still finds after `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(3)
    return found


def _ask(stack: Stack, paths: Sequence[str]) -> list[Any]:
    answer: list[Any] = json.loads(stack.python("gateway", _CODE, json.dumps(paths)))
    return answer
