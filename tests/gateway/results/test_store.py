from __future__ import annotations

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.results.stored import StoredResult
from tests.gateway.fakes import FakeModel, assessment
from tests.gateway.results.conftest import Kept

BY_HANDLE = ProfileRef(Platform.X, handle="reg_maple")
BY_ID = ProfileRef(Platform.X, id="4211")


def test_an_account_is_found_by_its_handle_and_by_its_id_newest_first(kept: Kept) -> None:
    first = kept.add("ada", assessment())
    second = kept.add("ada", assessment(FakeModel(number=8)))
    now = kept.time.seconds()
    assert [each.id for each in kept.store.of_account("ada", BY_HANDLE, now)] == [second.id, first.id]
    assert [each.model_version for each in kept.store.of_account("ada", BY_ID, now)] == [8, 7]
    assert kept.store.of_account("ada", ProfileRef(Platform.INSTAGRAM, handle="reg_maple"), now) == []


def test_what_is_stored_is_what_was_answered(kept: Kept) -> None:
    answer = assessment()
    stored = kept.add("ada", answer)
    found = kept.store.get("ada", stored.id, kept.time.seconds())
    assert found == stored
    assert isinstance(found, StoredResult)
    assert (found.profile, dict(found.probabilities)) == (answer.profile, answer.probabilities)


def test_nobody_finds_what_another_owns(kept: Kept) -> None:
    stored = kept.add("ada", assessment())
    now = kept.time.seconds()
    assert kept.store.get("bert", stored.id, now) is None
    assert kept.store.of_account("bert", BY_ID, now) == []


def test_after_its_time_a_result_is_not_shown(kept: Kept) -> None:
    stored = kept.add("ada", assessment())
    kept.time.pass_days(31)
    assert kept.store.get("ada", stored.id, kept.time.seconds()) is None
    assert kept.store.of_account("ada", BY_ID, kept.time.seconds()) == []


def test_the_database_tells_no_account_by_its_hash_without_the_secret(kept: Kept) -> None:
    stored = kept.add("ada", assessment())
    assert stored.id_hash
    assert stored.id_hash != stored.handle_hash
    assert "4211" not in stored.id_hash
