"""The fetcher's API: both sides read what the other wrote, and refuse the rest by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.fetch_api import ACTIVITY, AccountResult, FetchRequest, Outcome, Priority
from contracts.json_fields import InvalidField
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HANDLE = ProfileRef(Platform.X, handle="invented")
ID = ProfileRef(Platform.INSTAGRAM, id="42")


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_a_request_survives_json() -> None:
    request = FetchRequest(
        accounts=(HANDLE, ID), priority=Priority.BATCH, deadline_s=2.5, include=frozenset([ACTIVITY]), ticket="t"
    )
    assert FetchRequest.from_json(through_json(request.to_json())) == request
    assert "cached_only" not in request.to_json(), "A fetcher that is older than the field would refuse it."
    known = FetchRequest(accounts=(HANDLE,), cached_only=True)
    assert FetchRequest.from_json(through_json(known.to_json())) == known


@pytest.mark.parametrize(
    "result",
    [
        AccountResult(
            ref=HANDLE,
            outcome=Outcome.OK,
            profile=Profile(platform=Platform.X, fetched_at=NOON, followers=1),
            method="users/by",
            cached=True,
            emulated=True,
        ),
        AccountResult(ref=ID, outcome=Outcome.RATE_LIMITED, detail="Wait.", retry_at=NOON, ticket="t"),
        *(AccountResult(ref=HANDLE, outcome=outcome) for outcome in Outcome if outcome is not Outcome.OK),
    ],
)
def test_a_result_survives_json(result: AccountResult) -> None:
    assert AccountResult.from_json(through_json(result.to_json())) == result


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accounts": "invented"}, "accounts"),
        ({"accounts": [{"platform": "x"}]}, r"accounts\[0\]"),
        ({"accounts": [{"platform": "x", "handle": "Up/per"}]}, r"accounts\[0\]"),
        ({"accounts": [{"platform": "y", "handle": "a"}]}, r"accounts\[0\].platform"),
        ({"accounts": [{"platform": "x", "handle": "a"}] * 1001}, "accounts"),
        ({"priority": "king"}, "priority"),
        ({"deadline_s": 1e9}, "deadline_s"),
        ({"deadline_s": float("nan")}, "deadline_s"),
        ({"include": ["secrets"]}, "include"),
        ({"ticket": 7}, "ticket"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_request_is_refused_by_the_name_of_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField, match=field):
        FetchRequest.from_json(FetchRequest(accounts=(HANDLE,)).to_json() | change)


@pytest.mark.parametrize("profile", [None, {"platform": "x", "fetched_at": "2026-01-31T12:00:00Z"}])
def test_a_profile_comes_exactly_with_ok(profile: dict[str, str] | None) -> None:
    outcome = "ok" if profile is None else "suspended"
    with pytest.raises(InvalidField, match="profile"):
        AccountResult.from_json({"ref": HANDLE.to_json(), "outcome": outcome, "profile": profile})
