"""From a pasted address to an answer, through the real processes."""

from __future__ import annotations

import pytest

from contracts.model import CLASSES
from tests.integration.running_system import System

X, INSTAGRAM = "https://x.com/", "https://www.instagram.com/"
PREFIXES = {"regular": "reg_", "bot": "bot_", "influencer": "inf_", "fake": "fake_"}


@pytest.mark.parametrize("site", [X, INSTAGRAM])
@pytest.mark.parametrize("name", CLASSES)
def test_an_account_of_each_class_is_classified_on_each_platform(system: System, site: str, name: str) -> None:
    answer = system.classify(f"{site}{PREFIXES[name]}invented")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["label"] in CLASSES
    assert body["emulated"] is True
    assert set(body["probabilities"]) == set(CLASSES)
    assert sum(body["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert body["probabilities"][body["label"]] == max(body["probabilities"].values())
    assert body["contributions"]
    assert body["model"]["name"] == "rollcall"
    assert int(body["model"]["version"]) > 0


def test_an_x_account_is_also_found_by_its_id(system: System) -> None:
    by_handle = system.classify("@reg_by_id", platform="x").json()
    by_id = system.classify(by_handle["profile"]["id"], platform="x").json()
    assert by_id["profile"]["handle"] == by_handle["profile"]["handle"]
    assert by_id["probabilities"] == by_handle["probabilities"]


@pytest.mark.parametrize("site", [X, INSTAGRAM])
def test_a_private_account_is_classified_from_what_is_public(system: System, site: str) -> None:
    answer = system.classify(f"{site}reg_in_private")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("site", [X, INSTAGRAM])
def test_a_missing_account_is_not_found(system: System, site: str) -> None:
    answer = system.classify(f"{site}who_missing")
    assert (answer.status_code, answer.json()["outcome"]) == (404, "not-found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_suspended_account_is_gone(system: System) -> None:
    answer = system.classify(f"{X}it_suspended")
    assert (answer.status_code, answer.json()["outcome"]) == (410, "suspended")


@pytest.mark.parametrize(
    "nonsense",
    ["", "https://example.com/someone", f"{X}someone/status/1", f"{INSTAGRAM}p/abc/", "@someone", "x" * 5000],
)
def test_nonsense_is_refused_with_a_sentence(system: System, nonsense: str) -> None:
    answer = system.classify(nonsense)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


def test_the_request_id_goes_through_every_hop(system: System) -> None:
    from requests import post

    answer = post(
        system.url("GATEWAY_PORT", "/api/v1/classify"),
        json={"profile": f"{X}reg_followed"},
        headers={"X-Request-ID": "invented-request-7"},
        timeout=30,
    )
    assert answer.headers["X-Request-ID"] == "invented-request-7"
    for part in ("gateway", "fetcher"):
        log = (system.state / "logs" / f"{part}.log").read_text()
        assert "invented-request-7" in log
        assert "reg_followed" not in log
