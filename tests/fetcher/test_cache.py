from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile import Profile
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.clock import SystemClock
from fetcher.limiter.sqlite_store import SQLiteStore

DAY_S = 86400.0


@pytest.fixture
def cache(tmp_path: Path, clock: Any) -> Cache:
    store = SQLiteStore(tmp_path / "store.sqlite3", clock)
    return Cache(store, instagram_s=3600, negative_s=60, clock_tolerance_s=30, most=50)


def answer(ref: ProfileRef, handle: str, account_id: str) -> AccountResult:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    profile = Profile(platform=ref.platform, fetched_at=now, username=handle, id=account_id)
    return AccountResult(ref=ref, outcome=Outcome.OK, profile=profile)


def x(handle: str | None = None, id: str | None = None) -> ProfileRef:  # noqa: A002
    return ProfileRef(Platform.X, handle=handle, id=id)


def keep(cache: Cache, result: AccountResult) -> AccountResult:
    return cache.keep({result.ref: result}, activity=False)[result.ref]


def test_an_answer_is_found_under_its_handle_and_its_id(cache: Cache) -> None:
    keep(cache, answer(x("one"), "One", "7"))
    keep(cache, answer(x(id="8"), "Two", "8"))
    found = cache.find([x("one"), x(id="7"), x("two"), x(id="8"), x("three")], activity=True)
    assert list(found) == [x("one"), x(id="7"), x("two"), x(id="8")]
    assert all(result.cached for result in found.values())


def test_x_is_kept_until_midnight_utc_on_every_clock(cache: Cache, clock: Any) -> None:
    keep(cache, answer(x("one"), "one", "7"))
    midnight = (clock.time // DAY_S + 1) * DAY_S
    clock.time = midnight + 29
    assert cache.find([x("one")], activity=False)
    clock.time = midnight + 31
    assert not cache.find([x("one")], activity=False)


def test_a_renamed_account_is_noticed_and_its_old_handle_forgotten(cache: Cache) -> None:
    keep(cache, answer(x("old_name"), "old_name", "7"))
    told = keep(cache, answer(x(id="7"), "new_name", "7"))
    assert "another handle than before" in told.detail
    assert not cache.find([x("old_name")], activity=False)


def test_a_handle_that_passed_to_another_account_is_noticed(cache: Cache) -> None:
    assert keep(cache, answer(x("name"), "name", "7")).detail == ""
    assert "belonged to another account" in keep(cache, answer(x("name"), "name", "9")).detail


def test_refusals_of_the_platform_are_not_kept(cache: Cache) -> None:
    keep(cache, AccountResult(ref=x("one"), outcome=Outcome.BLOCKED))
    keep(cache, AccountResult(ref=x("two"), outcome=Outcome.NOT_FOUND))
    assert list(cache.find([x("one"), x("two")], activity=False)) == [x("two")]


@pytest.mark.parametrize("document", ["", "[", "[]", "{}", '{"ref": 1}', "\x00"])
def test_an_answer_that_cannot_be_read_counts_as_none_and_spoils_no_other(tmp_path: Path, document: str) -> None:
    """Another version may have written it; whoever asks would get nothing until its time is over."""
    store = SQLiteStore(tmp_path / "store.sqlite3", SystemClock())
    cache = Cache(store, instagram_s=3600, negative_s=60)
    keep(cache, answer(x("one"), "one", "7"))
    keep(cache, answer(x("two"), "two", "8"))
    store.remember({x("one").key: (document, store.now() + 60)}, most=50)
    assert list(cache.find([x("one"), x("two")], activity=False)) == [x("two")]
    keep(cache, answer(x("one"), "one", "7"))
    assert list(cache.find([x("one"), x("two")], activity=False)) == [x("one"), x("two")]
