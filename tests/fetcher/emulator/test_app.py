from __future__ import annotations

from typing import Any

import requests

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef


def test_sample_accounts_cover_every_class_and_outcome(site: Any) -> None:
    accounts = requests.get(f"{site.url}/demo/accounts", timeout=5).json()["accounts"]
    for platform in Platform:
        mine = [account for account in accounts if account["platform"] == platform.value]
        assert {account["class"] for account in mine} == {"regular", "bot", "influencer", "fake"}
        notes = " ".join(account["note"] for account in mine)
        assert all(word in notes for word in ("private", "suspended", "not exist"))
        for account in mine:
            assert ProfileRef.parse(account["url"]).handle == account["handle"]


def test_the_accounting_can_be_read(site: Any) -> None:
    headers = {"Host": "api.twitter.com", "Authorization": "Bearer invented"}
    answer = requests.get(f"{site.url}/2/users/by?usernames=reg_a,b_missing", headers=headers, timeout=5)
    assert answer.headers["x-rate-limit-limit"] == "300"
    assert answer.headers["x-rate-limit-remaining"] == "299"
    assert len(answer.json()["data"]) == len(answer.json()["errors"]) == 1
    counted = requests.get(f"{site.url}/emulator/accounting", timeout=5).json()
    assert counted["x"] == {"requests": {"users_by_username": 1}, "violations": {}}


def test_faults_can_be_ordered_over_http(site: Any) -> None:
    order = {"platform": "instagram", "method": "web_profile_info", "kind": "checkpoint", "times": 1}
    assert requests.post(f"{site.url}/emulator/faults", json=order, timeout=5).status_code == 200
    address = f"{site.url}/api/v1/users/web_profile_info/?username=reg_a"
    headers = {"Host": "www.instagram.com"}
    first, second = (requests.get(address, headers=headers, timeout=5) for _ in range(2))
    assert (first.status_code, first.json()["message"]) == (400, "checkpoint_required")
    assert second.status_code == 200


def test_an_unknown_fault_is_refused(site: Any) -> None:
    order = {"platform": "x", "kind": "earthquake"}
    answer = requests.post(f"{site.url}/emulator/faults", json=order, timeout=5)
    assert answer.status_code == 422
    assert "rate-limited" in answer.json()["detail"]


def test_a_request_without_bearer_is_unauthorized(site: Any) -> None:
    answer = requests.get(f"{site.url}/2/users/by?usernames=a", headers={"Host": "api.twitter.com"}, timeout=5)
    assert answer.status_code == 401


def test_requests_over_the_limit_are_refused_and_counted(run_emulator: Any) -> None:
    site = run_emulator(factor=0.01)
    headers = {"Host": "api.twitter.com", "Authorization": "Bearer invented"}
    answers = [requests.get(f"{site.url}/2/users/by?usernames=a", headers=headers, timeout=5) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["type"].endswith("/rate-limit-exceeded")
    assert site.violations() == {"users_by_username": 1}
