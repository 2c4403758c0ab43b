"""A number of mutated requests against a running system, with proof of whom it asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings

from fetcher.limiter.limits_file import DEFAULT_FILE
from tests.fuzz.mutations import Shot, shots
from tests.fuzz.proxy import RefusingProxy
from tests.fuzz.target import Target, parse
from tests.integration.running_system import System, running_system

_FACTOR = 1000
"""Raises every limit out of the way: what is looked for here is no answer of a limiter."""


@dataclass(frozen=True, slots=True)
class Report:
    """How many requests were sent, what was answered, and whom the system asked: the emulator and, at best, nobody."""

    shots: int
    statuses: Mapping[int, int]
    emulator_requests: int
    through_proxy: tuple[str, ...]


@contextmanager
def watched_system(folder: Path) -> Iterator[tuple[System, RefusingProxy]]:
    """The whole system, with a refusing proxy on every way out of this machine."""
    limits = folder / "limits.toml"
    raised = re.sub(r"(?m)^limit = (\d+)", lambda match: f"limit = {int(match[1]) * _FACTOR}", DEFAULT_FILE.read_text())
    limits.write_text(re.sub(r"(?m)^spacing_s = [\d.]+", "spacing_s = 0", raised))
    with (
        RefusingProxy().running() as proxy,
        running_system(
            folder / "state",
            LIMITS_FILE=str(limits),
            EMULATOR_LIMIT_FACTOR=str(_FACTOR),
            LOG_LEVEL="warning",
            # A busy machine shall not turn an answer into one about deadlines.
            FETCH_DEADLINE_S="40",
            UPSTREAM_TIMEOUT_S="30",
            MODEL_DEADLINE_S="20",
            **proxy.environment,
        ) as system,
    ):
        yield system, proxy


def fuzz(system: System, proxy: RefusingProxy, number: int, first: int = 0) -> Report:
    """Send `number` mutated requests, the same for the same `first`.

    Raises AssertionError with the smallest that gets what nobody may get.
    """
    target, fired, before = Target(system.ports["GATEWAY_PORT"]), 0, _emulator_requests(system)

    @seed(first)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(shots())
    def campaign(shot: Shot) -> None:
        nonlocal fired
        fired += 1
        parse(shot.text)
        target.fire(shot)

    try:
        campaign()
    finally:
        target.close()
    asked = _emulator_requests(system) - before
    return Report(fired, dict(target.statuses), asked, tuple(proxy.asked))


def _emulator_requests(system: System) -> int:
    accounting = requests.get(system.url("EMULATOR_PORT", "/emulator/accounting"), timeout=10).json()
    return sum(sum(each["requests"].values()) for each in accounting.values())
