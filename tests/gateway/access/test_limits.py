from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from bench.redis_process import redis_process
from gateway.access.key_file import save_keys
from tests.gateway.guarded import KEYS, Guarded, bearer

URL = "/api/v1/classify"
BODY = {"profile": "https://x.com/reg_maple"}


def test_the_request_over_a_keys_own_limit_is_429_and_others_go_on(guarded: Guarded) -> None:
    save_keys(guarded.path, [replace(KEYS[0], per_minute=3), *KEYS[1:]])
    client = guarded.client()
    for left in (2, 1, 0):
        answer = client.post(URL, json=BODY, headers=bearer("ada"))
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Remaining"] == str(left)
        assert answer.headers["RateLimit-Limit"] == "3"
    refused = client.post(URL, json=BODY, headers=bearer("ada"))
    assert (refused.status_code, refused.json["type"]) == (429, "/problems/too-many-requests")
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert len(guarded.fetcher.asked) == 3
    assert client.get("/api/v1/limits", headers=bearer("ada")).status_code == 429
    assert client.post(URL, json=BODY, headers=bearer("bert")).status_code == 200
    assert client.get("/livez").status_code == 200


def test_nobody_guesses_keys_by_the_form(guarded: Guarded) -> None:
    client = guarded.client()
    statuses = [client.post("/sign-in", data={"key": f"rc_{turn}"}).status_code for turn in range(21)]
    assert statuses == [401] * 20 + [429]
    assert client.get("/sign-in").status_code == 200


def test_replicas_count_together_in_redis(guarded: Guarded) -> None:
    if shutil.which("redis-server") is None:
        message = "redis-server is missing: apt-get install redis-server"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    save_keys(guarded.path, [replace(KEYS[0], per_minute=3), *KEYS[1:]])
    with redis_process() as url:
        replicas = [guarded.client(limiter_storage_url=url) for _ in range(2)]
        statuses = [replicas[turn % 2].get("/api/v1/limits", headers=bearer("ada")).status_code for turn in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_a_storage_that_is_away_does_not_stop_anybody(guarded: Guarded) -> None:
    save_keys(guarded.path, [replace(KEYS[0], per_minute=2), *KEYS[1:]])
    client = guarded.client(limiter_storage_url="redis://127.0.0.1:1/0")
    statuses = [client.post(URL, json=BODY, headers=bearer("ada")).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_person_over_the_limit_sees_when_it_goes_on(
    guarded: Guarded, signed_in: Callable[[str], FlaskClient]
) -> None:
    save_keys(guarded.path, [replace(KEYS[0], per_minute=1), *KEYS[1:]])
    browser, own = signed_in("ada"), {"Origin": "http://localhost"}
    form = {"profile": "https://x.com/reg_maple"}
    assert browser.post("/classify", data=form, headers=own).status_code == 200
    refused = browser.post("/classify", data=form, headers=own)
    assert refused.status_code == 429
    assert f'data-retry-after="{refused.headers["Retry-After"]}"' in refused.text
    assert '<input type="hidden" name="profile" value="https://x.com/reg_maple">' in refused.text
    assert "<html" not in refused.text
    page = browser.get("/?profile=https://x.com/reg_maple")
    assert (page.status_code, "Retry-After" in page.headers) == (429, True)
    assert 'href="/?profile=https://x.com/reg_maple">Try again</a>' in page.text
    large = browser.post("/classify", data={"profile": "x" * 100_000}, headers=own)
    assert large.status_code in {413, 429}
