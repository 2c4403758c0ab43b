from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.pages.demo_accounts import DemoAccount, EmulatorDemoAccounts, read_accounts
from tests.gateway.test_fetcher_client import FetcherServer, answer_bytes, answer_json

ROW = {"platform": "x", "handle": "reg_maple", "url": "https://x.com/reg_maple", "class": "regular", "note": "private"}
ACCOUNT = DemoAccount(ProfileRef(Platform.X, handle="reg_maple"), "regular", "private")


@pytest.fixture
def emulator() -> Iterator[FetcherServer]:
    running = FetcherServer()
    yield running
    running.stop()


@pytest.mark.parametrize("document", [[ROW], {"accounts": [ROW]}])
def test_a_list_is_read_in_both_forms(document: Any) -> None:
    assert read_accounts(document) == (ACCOUNT,)


@pytest.mark.parametrize(
    "row", [None, {}, ROW | {"platform": "elsewhere"}, ROW | {"handle": None}, ROW | {"handle": "a b"}]
)
def test_a_row_that_cannot_be_read_is_left_out(row: Any) -> None:
    assert read_accounts([row, ROW]) == (ACCOUNT,)


def test_only_an_account_unlike_its_class_is_special() -> None:
    assert ACCOUNT.special == "private"
    assert DemoAccount(ACCOUNT.ref, "regular", "an invented account of the class regular").special is None
    assert DemoAccount(ACCOUNT.ref, "regular").special is None


def test_the_answer_is_kept(emulator: FetcherServer) -> None:
    emulator.answers = [answer_json([ROW])]
    demo = EmulatorDemoAccounts(emulator.url)
    assert demo.accounts() == demo.accounts() == (ACCOUNT,)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("broken", [answer_bytes(b"<html>"), answer_json({}, status=500), answer_json(7)])
def test_without_a_readable_answer_there_are_none_until_later(emulator: FetcherServer, broken: Any) -> None:
    seconds = 0.0
    demo = EmulatorDemoAccounts(emulator.url, now=lambda: seconds)
    emulator.answers = [broken, answer_json([ROW])]
    assert demo.accounts() == ()
    assert demo.accounts() == ()
    assert len(emulator.requests) == 1
    seconds = 5.0
    assert demo.accounts() == (ACCOUNT,)


def test_an_emulator_that_is_away_is_no_error() -> None:
    assert EmulatorDemoAccounts("http://127.0.0.1:1").accounts() == ()
