from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from contracts.platforms import Platform
from gateway.errors import FetcherUnreachableError
from gateway.pages.near_limit import near_limit
from tests.gateway.fakes import LIMITS, FakeFetcher, found


def report(remaining: int = 288, left_usd: float = 3.75) -> dict[str, Any]:
    changed: dict[str, Any] = deepcopy(LIMITS)
    changed["platforms"][0]["windows"][0]["remaining"] = remaining
    changed["platforms"][0]["budget"][0]["left_usd"] = left_usd
    return changed


def test_little_that_is_left_is_told_with_its_end() -> None:
    told = near_limit(report(remaining=12), Platform.X, "users_by_username")
    assert told == "The limit of X is near: 12 of 300 lookups left until 31 January, 12:15:00 UTC."
    told = near_limit(report(left_usd=0.2), Platform.X, "users_by_username")
    assert told == "The budget for X is nearly spent: $0.20 of $5.00 left in 2026-01-31."


@pytest.mark.parametrize(
    ("platform", "method"), [(Platform.X, "users_by_id"), (Platform.INSTAGRAM, "users_by_username"), (Platform.X, None)]
)
def test_another_method_or_platform_says_nothing(platform: Platform, method: str | None) -> None:
    assert near_limit(report(remaining=1), platform, method) is None
    assert near_limit(report(), Platform.X, "users_by_username") is None


def test_the_page_says_so_beside_the_answer_and_not_for_what_was_known(
    client: FlaskClient, fetcher: FakeFetcher
) -> None:
    fetcher.report = report(remaining=3)
    fetcher.answer = lambda ref: replace(found(ref), method="users_by_username")
    assert "3 of 300 lookups left" in client.post("/classify", data={"profile": "https://x.com/reg_maple"}).text
    assert "3 of 300 lookups left" in client.get("/?profile=https://x.com/reg_maple").text
    fetcher.answer = lambda ref: replace(found(ref), method="users_by_username", cached=True)
    assert "lookups left" not in client.get("/?profile=https://x.com/reg_maple").text


def test_a_fetcher_that_cannot_say_spoils_no_answer(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.limits_trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    assert "looks like a regular account" in client.get("/?profile=https://x.com/reg_maple").text
