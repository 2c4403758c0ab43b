"""`POST /forget`: an account leaves the cache under every name, with SQLite and with Redis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from fetcher.app import create_app
from fetcher.config import Config


@pytest.fixture(params=["sqlite", "redis"])
def client(request: pytest.FixtureRequest, config: Config) -> FlaskClient:
    if request.param == "redis":
        config = replace(config, redis_url=request.getfixturevalue("redis_server").url)
    return create_app(config).test_client()


def look_up(client: FlaskClient, **ref: str) -> dict[str, Any]:
    answer = client.post("/profiles", json={"accounts": [ref], "deadline_s": 10})
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json["results"][0]
    return result


@pytest.mark.parametrize("platform", ["x", "instagram"])
@pytest.mark.parametrize("by", ["handle", "id"])
def test_by_either_name_it_is_asked_for_anew_under_both(client: FlaskClient, platform: str, by: str) -> None:
    first = look_up(client, platform=platform, handle="reg_maple")
    account_id = first["profile"]["id"]
    assert look_up(client, platform=platform, handle="reg_maple")["cached"]
    name = {"handle": "reg_maple"} if by == "handle" else {"id": account_id}
    assert client.post("/forget", json={"accounts": [{"platform": platform, **name}]}).json == {"forgotten": 1}
    assert client.post("/plan", json={"accounts": [{"platform": platform, "handle": "reg_maple"}]}).json["cached"] == 0
    assert client.post("/plan", json={"accounts": [{"platform": platform, "id": account_id}]}).json["cached"] == 0
    assert not look_up(client, platform=platform, handle="reg_maple")["cached"]


def test_others_stay(client: FlaskClient) -> None:
    look_up(client, platform="x", handle="reg_maple")
    look_up(client, platform="x", handle="reg_birch")
    client.post("/forget", json={"accounts": [{"platform": "x", "handle": "reg_maple"}]})
    assert look_up(client, platform="x", handle="reg_birch")["cached"]


def test_what_is_not_held_can_be_forgotten_too(client: FlaskClient) -> None:
    assert client.post("/forget", json={"accounts": [{"platform": "x", "id": "12"}]}).status_code == 200
    assert client.post("/forget", json={"accounts": []}).json == {"forgotten": 0}


@pytest.mark.parametrize(
    "body", [None, {}, {"accounts": 1}, {"accounts": [{"platform": "x"}]}, {"accounts": [], "a": 1}]
)
def test_nonsense_is_422(client: FlaskClient, body: Any) -> None:
    assert client.post("/forget", json=body).status_code == 422


def test_only_what_was_asked_for_has_a_price(client: FlaskClient) -> None:
    assert look_up(client, platform="x", handle="reg_maple")["cost_usd"] == 0.01
    assert look_up(client, platform="x", handle="reg_maple")["cost_usd"] == 0.0
    assert look_up(client, platform="x", handle="who_missing")["cost_usd"] == 0.0
    assert look_up(client, platform="instagram", handle="reg_maple")["cost_usd"] == 0.0
