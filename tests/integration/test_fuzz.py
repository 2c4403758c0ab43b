"""A small part of `python -m tests.fuzz`: mutated addresses and bodies against the real processes."""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import fuzz
from tests.fuzz.proxy import RefusingProxy
from tests.integration.running_system import System

SHOTS = 1500


@pytest.mark.timeout(600)
def test_mutated_requests_get_no_5xx_and_reach_nobody_but_the_emulator(watched: tuple[System, RefusingProxy]) -> None:
    system, proxy = watched
    report = fuzz(system, proxy, SHOTS)
    assert report.shots >= SHOTS
    assert report.statuses[200] > 0
    assert report.statuses[422] > 0
    assert report.emulator_requests > 0
    assert report.through_proxy == ()


def test_the_proxy_would_have_seen_it(watched: tuple[System, RefusingProxy]) -> None:
    import requests

    _, proxy = watched
    before = len(proxy.asked)
    answer = requests.get("http://platform.example/", proxies={"http": proxy.url}, timeout=5)
    assert answer.status_code == 403
    assert proxy.asked[before:] == ["GET http://platform.example/ HTTP/1.1"]
    proxy.asked.clear()
