"""The split between two versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.traffic import Traffic, account_key, takes_canary
from tests.gateway.fakes import profile_of

ACCOUNTS = [f"x:{number}" for number in range(10_000)]
TRAFFIC = Traffic(canary_share=0.2, salt="salt")


def test_the_share_of_accounts_is_the_share_that_was_set() -> None:
    taken = sum(takes_canary(account, TRAFFIC) for account in ACCOUNTS)
    assert taken / len(ACCOUNTS) == pytest.approx(0.2, abs=0.02)


def test_nobody_at_0_and_everybody_at_1() -> None:
    assert not any(takes_canary(account, replace(TRAFFIC, canary_share=0.0)) for account in ACCOUNTS)
    assert all(takes_canary(account, replace(TRAFFIC, canary_share=1.0)) for account in ACCOUNTS)


def test_a_growing_share_keeps_the_accounts_it_has() -> None:
    grown = replace(TRAFFIC, canary_share=0.4, revision=9)
    assert all(takes_canary(account, grown) for account in ACCOUNTS if takes_canary(account, TRAFFIC))


def test_another_salt_chooses_other_accounts() -> None:
    other = replace(TRAFFIC, salt="pepper")
    assert any(takes_canary(account, other) != takes_canary(account, TRAFFIC) for account in ACCOUNTS)


def test_an_account_is_the_same_by_handle_and_by_id() -> None:
    by_handle, by_id = ProfileRef(Platform.X, handle="reg_maple"), ProfileRef(Platform.X, id="4211")
    assert account_key(by_handle, profile_of(by_handle)) == account_key(by_id, profile_of(by_id)) == "x:4211"


def test_without_an_id_an_account_is_its_handle() -> None:
    ref = ProfileRef(Platform.INSTAGRAM, handle="reg_maple")
    assert account_key(ref, profile_of(ref, id=None)) == "instagram:@reg_maple"
