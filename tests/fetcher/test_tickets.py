"""Waiting, as the caller of the fetcher's API sees it: times to come back, tickets, plans and money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from contracts.platforms import Platform
from fetcher.app import create_app
from fetcher.config import Config
from fetcher.limiter.limits_file import read_limits

Build = Callable[..., FlaskClient]


@pytest.fixture
def build(config: Config, clock: Any) -> Build:
    def build(overrides: str) -> FlaskClient:
        limits = read_limits(overrides=f"instagram.spacing_s=0; people_share=0; {overrides}")
        return create_app(replace(config, limits=limits), clock=clock, registry=CollectorRegistry()).test_client()

    return build


@pytest.fixture
def tight(build: Build) -> FlaskClient:
    """Two lookups by handle and window at X, without a budget."""
    return build("x.windows.users/by.limit=2; x.budget.day_usd=0; x.budget.month_usd=0; pace_from_share=0")


def ask(client: FlaskClient, *handles: str, platform: str = "x", **fields: Any) -> Any:
    accounts = [{"platform": platform, "handle": handle} for handle in handles]
    return client.post("/profiles", json={"accounts": accounts, "deadline_s": 1, **fields})


def fill(client: FlaskClient, site: Any) -> None:
    """X's own headers would name its wider limit."""
    site.emulator.faults[Platform.X].order("*", "lost-headers", 50)
    for number in range(2):
        assert ask(client, f"reg_filler{number}").get_json()["results"][0]["outcome"] == "ok"


def late(answer: Any) -> dict[str, Any]:
    (result,) = answer.get_json()["results"]
    assert result["outcome"] == "rate-limited"
    return dict(result)


def test_who_has_to_wait_gets_a_time_a_ticket_and_its_position(tight: FlaskClient, site: Any) -> None:
    fill(tight, site)
    answer = ask(tight, "reg_one")
    result = late(answer)
    assert int(answer.headers["Retry-After"]) > 0
    assert result["ticket"]
    assert result["position"] == 0
    assert late(ask(tight, "reg_two"))["position"] == 1
    assert late(ask(tight, "reg_three", priority="batch"))["position"] == 0


def test_a_ticket_tells_its_place_as_others_leave_the_line(tight: FlaskClient, site: Any, clock: Any) -> None:
    fill(tight, site)
    first, second = (late(ask(tight, f"reg_p{number}")) for number in range(2))
    told = tight.get(f"/tickets/{second['ticket']}").get_json()
    assert told == {"platform": "x", "position": 1, "retry_at": second["retry_at"]}
    clock.time = datetime.fromisoformat(first["retry_at"]).timestamp() + 1
    assert ask(tight, "reg_p0", ticket=first["ticket"]).get_json()["results"][0]["outcome"] == "ok"
    assert tight.get(f"/tickets/{second['ticket']}").get_json()["position"] == 0
    assert tight.get("/tickets/unheard-of").get_json() == {"platform": None, "position": None, "retry_at": None}


def test_whoever_returns_with_a_ticket_at_its_time_is_served_first(tight: FlaskClient, site: Any, clock: Any) -> None:
    fill(tight, site)
    told = [late(ask(tight, f"reg_p{number}")) for number in range(2)]
    tickets = [each["ticket"] for each in told]
    clock.time = max(datetime.fromisoformat(each["retry_at"]).timestamp() for each in told) + 1
    assert late(ask(tight, "reg_newcomer", deadline_s=0))["retry_at"]
    for number, ticket in enumerate(tickets):
        (result,) = ask(tight, f"reg_p{number}", ticket=ticket).get_json()["results"]
        assert result["outcome"] == "ok"


def test_an_expired_ticket_keeps_no_place(tight: FlaskClient, site: Any, clock: Any) -> None:
    fill(tight, site)
    result = late(ask(tight, "reg_one"))
    clock.time = datetime.fromisoformat(result["retry_at"]).timestamp() + 61
    (newcomer,) = ask(tight, "reg_two").get_json()["results"]
    assert newcomer["outcome"] == "ok"


def test_money_for_some_is_spent_for_some(build: Build, site: Any) -> None:
    client = build("x.budget.day_usd=0.03")
    results = ask(client, *[f"reg_{number}" for number in range(5)]).get_json()["results"]
    assert sorted(result["outcome"] for result in results) == ["budget-spent"] * 2 + ["ok"] * 3
    refused = next(result for result in results if result["outcome"] == "budget-spent")
    assert refused["retry_at"]
    budgets = [platform["budget"] for platform in client.get("/limits").get_json()["platforms"] if platform["budget"]]
    period = budgets[0][1]
    assert (period["limit_usd"], period["spent_usd"], period["left_usd"]) == (0.03, 0.03, 0.0)


def test_accounts_that_do_not_exist_cost_nothing(build: Build) -> None:
    client = build("x.budget.day_usd=0.05")
    ask(client, "a_missing", "b_missing", "reg_one")
    budgets = [platform["budget"] for platform in client.get("/limits").get_json()["platforms"] if platform["budget"]]
    assert budgets[0][1]["spent_usd"] == 0.01


def plan(client: FlaskClient, *handles: str, platform: str = "x", **fields: Any) -> dict[str, Any]:
    accounts = [{"platform": platform, "handle": handle} for handle in handles]
    answer = client.post("/plan", json={"accounts": accounts, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_a_plan_counts_what_is_cached_and_what_it_costs(build: Build, site: Any) -> None:
    client = build("people_share=0")
    ask(client, "reg_0", "reg_1")
    sent = site.requests(Platform.X)
    told = plan(client, *[f"reg_{number}" for number in range(252)], "reg_0")
    assert (told["accounts"], told["cached"], told["requests"], told["usd"]) == (252, 2, 3, 2.5)
    assert site.requests(Platform.X) == sent


def test_a_plan_knows_the_earliest_finish_from_windows_and_money(build: Build, clock: Any) -> None:
    client = build("instagram.windows.other.limit=10; pace_from_share=0; x.budget.day_usd=1")
    told = plan(client, *[f"reg_{number}" for number in range(25)], platform="instagram", priority="batch")
    finish = datetime.fromisoformat(told["finish_at"]).timestamp()
    assert told["requests"] == 25
    assert 2 * 660 < finish - clock.time < 2 * 660 + 60
    told = plan(client, *[f"reg_{number}" for number in range(250)])
    assert datetime.fromisoformat(told["finish_at"]).timestamp() > clock.time + 86400
    assert told["usd"] == 2.5


def test_a_plan_that_names_no_accounts_properly_is_a_problem(build: Build) -> None:
    client = build("")
    for body in ({}, {"accounts": [{"platform": "x"}]}, {"accounts": [], "ticket": "t"}):
        assert client.post("/plan", json=body).status_code == 422


def test_methods_and_their_breakers_stand_in_the_limits(build: Build, site: Any) -> None:
    client = build("")
    site.emulator.faults[Platform.INSTAGRAM].order("web_profile_info", "garbage", 5)
    for number in range(5):
        ask(client, f"reg_{number}", platform="instagram")
    (instagram,) = [p for p in client.get("/limits").get_json()["platforms"] if p["platform"] == "instagram"]
    conditions = {method["method"]: method["breaker"] for method in instagram["methods"]}
    assert conditions == {"web_profile_info": "open", "profile_page": "closed", "graphql_user": "closed"}
    (result,) = ask(client, "reg_next", platform="instagram").get_json()["results"]
    assert (result["outcome"], result["method"]) == ("ok", "profile_page")
    assert site.requests(Platform.INSTAGRAM)["profile_page"] == 6
