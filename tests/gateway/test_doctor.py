from __future__ import annotations

import pytest

from contracts.features import SCHEMA_VERSION
from contracts.fetch_api import AccountResult, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.config import Config, Platforms
from gateway.doctor import Doctor, Finding
from gateway.errors import FetcherUnreachableError
from tests.gateway.fakes import FakeFetcher, FakeModel, found

LIVE = Config(platforms=Platforms.LIVE)


def examine(
    config: Config, fetcher: FakeFetcher, model: FakeModel, unreachable: tuple[str, ...] = ()
) -> dict[str, Finding]:
    def reach(url: str) -> str | None:
        return "does not answer" if url in unreachable else None

    doctor = Doctor(config, fetcher, model, reach, request_id="id-1", now=lambda: 0.0)
    return {finding.subject: finding for finding in doctor.examine()}


def test_a_healthy_demo_makes_no_call(fetcher: FakeFetcher, model: FakeModel) -> None:
    findings = examine(Config(), fetcher, model)
    assert all(finding.good is not False for name, finding in findings.items() if name != "X penalty")
    assert findings["model server"].text == f"127.0.0.1:8500 serves version 7, feature schema {SCHEMA_VERSION}"
    assert not fetcher.asked


@pytest.mark.parametrize(
    ("subject", "url"),
    [
        ("gateway", "http://127.0.0.1:8000/readyz"),
        ("fetcher", "http://127.0.0.1:8001/readyz"),
        ("emulated platforms", "http://127.0.0.1:8002/livez"),
    ],
)
def test_a_part_that_is_away_is_found(fetcher: FakeFetcher, model: FakeModel, subject: str, url: str) -> None:
    finding = examine(Config(), fetcher, model, unreachable=(url,))[subject]
    assert (finding.good, "does not answer" in finding.text) == (False, True)


def test_a_model_server_that_is_away_is_found(fetcher: FakeFetcher, model: FakeModel) -> None:
    model.available = False
    assert examine(Config(), fetcher, model)["model server"].good is False


def test_credentials_are_masked_and_windows_shown(fetcher: FakeFetcher, model: FakeModel) -> None:
    findings = examine(LIVE, fetcher, model)
    assert findings["X credential"].text == "5f0c…"
    assert findings["X window users/by"].text == "12 of 300 used in 900 s, resets 2026-01-31T12:15:00Z"
    assert findings["X penalty"].good is False
    assert findings["X budget of 2026-01-31"].text == "$3.75 of $5.00 left"
    assert findings["X price"].text == "$0.010 an account by users_by_username"


def test_live_each_way_is_called_once(fetcher: FakeFetcher, model: FakeModel) -> None:
    findings = examine(LIVE, fetcher, model)
    assert [request.accounts for request in fetcher.asked] == [
        (ProfileRef(Platform.X, handle="x"),),
        (ProfileRef(Platform.X, id="4211"),),
        (ProfileRef(Platform.INSTAGRAM, handle="instagram"),),
    ]
    assert findings["X by handle"].text == "called users/by; missing created_at"
    assert findings["Instagram by handle"].text == "called users/by; missing has_highlight_reels, activity"


def test_live_a_refusal_is_told(fetcher: FakeFetcher, model: FakeModel) -> None:
    fetcher.answer = lambda ref: (
        found(ref)
        if ref.platform is Platform.X
        else AccountResult(ref=ref, outcome=Outcome.LOGIN_REQUIRED, detail="Log in.")
    )
    finding = examine(LIVE, fetcher, model)["Instagram by handle"]
    assert (finding.good, finding.text) == (False, "login-required: Log in.")


def test_live_without_a_fetcher_everything_is_told(fetcher: FakeFetcher, model: FakeModel) -> None:
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    findings = examine(LIVE, fetcher, model)
    assert findings["limits"].good is False
    assert findings["X by handle"].good is False
