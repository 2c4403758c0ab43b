"""Sessions of Instagram: taken up from a file, taken up anew when it changes, reported when they no longer hold."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.fetch_api import Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.clock import SystemClock
from fetcher.errand import Errand
from fetcher.limiter.handler import Handler
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.metrics import Metrics
from fetcher.sources.instagram import InstagramSource, Login
from fetcher.sources.transport import Line

REF = ProfileRef(Platform.INSTAGRAM, handle="reg_one")


@pytest.fixture
def line(tmp_path: Path, site: Any) -> Line:
    clock = SystemClock()
    limits = read_limits(overrides="instagram.spacing_s=0")
    handler = Handler(limits, SQLiteStore(tmp_path / "s", clock), clock, Metrics(CollectorRegistry()), secret=b"s")
    return Line(handler=handler, clock=clock, timeout_s=2.0, emulator_url=site.url)


def saved(path: Path, value: str) -> Path:
    path.write_bytes(pickle.dumps({"sessionid": value, "csrftoken": "invented"}))
    return path


def fetch(source: InstagramSource) -> Outcome:
    return source.fetch([REF], Errand(deadline=time.time() + 5))[REF].outcome


def session(source: InstagramSource) -> dict[str, Any]:
    return next(method for method in source.health() if method["method"] == "session")


def test_an_expired_session_is_reported_until_a_new_file_is_taken_up(line: Line, site: Any, tmp_path: Path) -> None:
    file = saved(tmp_path / "session", "first")
    source = InstagramSource(line, Login("somebody", file))
    assert fetch(source) is Outcome.OK
    site.emulator.faults[Platform.INSTAGRAM].order("*", "login-redirect", 2)
    assert fetch(source) is Outcome.LOGIN_REQUIRED
    assert "expired" in session(source)["reason"]
    saved(file, "second")
    os.utime(file, (time.time() + 10, time.time() + 10))
    assert session(source)["breaker"] == "closed"
    assert fetch(source) is Outcome.OK
    assert source._threads.held[1]._session.cookies["sessionid"] == "second"


def test_a_session_may_be_the_value_of_its_cookie(line: Line) -> None:
    login = Login("somebody", session_id="very-secret")
    source = InstagramSource(line, login)
    assert fetch(source) is Outcome.OK
    assert source._threads.held[1]._session.cookies["sessionid"] == "very-secret"
    assert "very-secret" not in repr(login)


def test_without_a_login_there_is_no_session_to_report(line: Line) -> None:
    assert all(method["method"] != "session" for method in InstagramSource(line).health())


def test_a_session_that_cannot_be_read_is_told_and_taken_up_when_it_is_mended(line: Line, tmp_path: Path) -> None:
    file = saved(tmp_path / "session", "first")
    file.write_bytes(file.read_bytes()[:9])
    source = InstagramSource(line, Login("somebody", file))
    found = source.fetch([REF], Errand(deadline=time.time() + 5))[REF]
    assert found.outcome is Outcome.LOGIN_REQUIRED
    assert "cannot be read" in found.detail
    saved(file, "second")
    os.utime(file, (time.time() + 10, time.time() + 10))
    assert fetch(source) is Outcome.OK
