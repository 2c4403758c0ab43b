from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.access.secret_key import SecretKey
from gateway.errors import FetcherUnreachableError
from gateway.results.accounts import AccountHashes
from gateway.results.corrections import CorrectionState
from gateway.results.erasers import own_erasers
from gateway.results.erasure import Erasure
from gateway.results.stored import StoredResult
from gateway.results.tables import corrections, results, tombstones
from tests.gateway.fakes import assessment
from tests.gateway.results.conftest import Kept

BY_HANDLE = ProfileRef(Platform.X, handle="reg_maple")
BY_ID = ProfileRef(Platform.X, id="4211")
OTHER = ProfileRef(Platform.X, handle="reg_birch")


def rows(kept: Kept, table: sa.Table) -> int:
    with kept.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0


def fill(kept: Kept) -> None:
    """Two owners' results of one account, an approved correction, and another account."""
    mine = kept.add("ada", assessment())
    kept.add("bert", assessment(ref=BY_ID))
    kept.add("ada", assessment(ref=OTHER, id="77"))
    made = kept.corrections.make("ada", mine.id, "bot", "It is.")
    kept.corrections.decide(made.id, CorrectionState.APPROVED, "olga")


@pytest.mark.parametrize("ref", [BY_HANDLE, BY_ID])
def test_by_either_name_everything_of_everybody_goes_and_nothing_else(kept: Kept, ref: ProfileRef) -> None:
    fill(kept)
    erased = kept.erasure.erase([ref], None, "id-1")
    assert erased.counts == {"corrections": 1, "results": 2, "batch_rows": 0}
    assert erased.fetcher is True
    assert set(kept.fetcher.forgotten) >= {BY_HANDLE, BY_ID}
    assert (rows(kept, results), rows(kept, corrections)) == (1, 0)
    assert len(kept.store.of_account("ada", OTHER, kept.time.seconds())) == 1


def test_an_owner_deletes_its_own_things_alone(kept: Kept) -> None:
    fill(kept)
    erased = kept.erasure.erase([BY_HANDLE], "bert", "id-1")
    assert erased.counts == {"corrections": 0, "results": 1, "batch_rows": 0}
    assert erased.fetcher is None
    assert kept.fetcher.forgotten == []
    assert len(kept.store.of_account("ada", BY_ID, kept.time.seconds())) == 1


def test_without_the_fetcher_everything_here_is_gone_and_that_is_told(kept: Kept) -> None:
    fill(kept)
    kept.fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    assert kept.erasure.erase([BY_ID], None, "id-1").fetcher is False
    assert rows(kept, results) == 1


def test_an_answer_on_its_way_is_not_stored_after_the_deletion(kept: Kept) -> None:
    late = StoredResult.of("ada", assessment(), kept.hashes, asked_at=kept.time.seconds(), kept_s=86400)
    kept.time.pass_days(0.001)
    kept.erasure.erase([BY_HANDLE, BY_ID], None, "id-1")
    assert kept.store.add([late]) == 0
    kept.time.pass_days(0.001)
    assert kept.add("ada", assessment()).id
    assert rows(kept, results) == 1


class TestAfterARestore:
    """The database is one from before the deletion; the file of tombstones is today's."""

    @staticmethod
    def restored(kept: Kept) -> None:
        """Delete, then bring back what the backup held, and take away what it did not know."""
        fill(kept)
        with kept.engine.connect() as connection:
            backup = {
                table: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in (results, corrections)
            }
        kept.erasure.erase([BY_HANDLE], None, "id-1")
        with kept.engine.begin() as connection:
            connection.execute(sa.delete(tombstones))
            for table, rows_ in backup.items():
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), rows_)

    def test_the_start_deletes_again_what_the_file_names(self, kept: Kept) -> None:
        self.restored(kept)
        assert kept.erasure.after_start() == {"corrections": 1, "results": 2, "batch_rows": 0}
        assert (rows(kept, results), rows(kept, corrections)) == (1, 0)
        assert kept.erasure.after_start() is None

    def test_tombstones_can_be_taken_along_in_another_file(self, kept: Kept, tmp_path: Path) -> None:
        fill(kept)
        kept.erasure.erase([BY_HANDLE], "bert", "id-1")
        assert kept.erasure.export(tmp_path / "copy.jsonl") == 3
        assert (tmp_path / "copy.jsonl").stat().st_mode & 0o777 == 0o600
        for line in (tmp_path / "copy.jsonl").read_text().splitlines():
            assert "maple" not in line
            assert json.loads(line)["owner"] == "bert"

    def test_what_came_after_the_deletion_stays(self, kept: Kept) -> None:
        self.restored(kept)
        kept.time.pass_days(1)
        kept.add("ada", assessment())
        kept.erasure.after_start()
        assert len(kept.store.of_account("ada", BY_ID, kept.time.seconds())) == 1

    def test_an_owners_deletion_touches_nobody_elses(self, kept: Kept) -> None:
        fill(kept)
        with kept.engine.connect() as connection:
            backup = [dict(row) for row in connection.execute(sa.select(results)).mappings()]
        kept.erasure.erase([BY_HANDLE], "bert", "id-1")
        with kept.engine.begin() as connection:
            connection.execute(sa.delete(results))
            connection.execute(sa.insert(results), backup)
        assert kept.erasure.reapply()["results"] == 1
        assert len(kept.store.of_account("ada", BY_ID, kept.time.seconds())) == 1

    def test_a_line_that_a_crash_cut_short_is_left_out(self, kept: Kept) -> None:
        self.restored(kept)
        with kept.path.open("a") as stream:
            stream.write('{"account_hash": "12')
        assert kept.erasure.after_start() == {"corrections": 1, "results": 2, "batch_rows": 0}

    def test_another_secret_is_noticed(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        self.restored(kept)
        hashes = AccountHashes(SecretKey(b"t" * 32))
        other = Erasure(
            kept.engine,
            hashes,
            own_erasers(hashes),
            kept.fetcher,
            kept.metrics,
            path=kept.path,
            now=kept.time.seconds,
        )
        other.reapply()
        assert "made with another secret key" in caplog.text
