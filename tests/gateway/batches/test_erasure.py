"""What batches keep of an account goes with it, and the batch still adds up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.access.secret_key import SecretKey
from gateway.batches.erasure import BatchRows
from gateway.batches.tables import batches, rows
from gateway.results.accounts import AccountHashes
from gateway.results.erasure import Buried

MAPLE, MAPLE_ID = ProfileRef(Platform.X, handle="reg_maple"), ProfileRef(Platform.X, id="4211")
HASHES = AccountHashes(SecretKey(b"s" * 32))


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """Batches of ada and bert, each with Maple (done), Birch (claimed), and Maple's handle on Instagram."""
    with engine.begin() as connection:
        for owner in ("ada", "bert"):
            connection.execute(
                sa.insert(batches),
                {
                    "id": owner,
                    "owner": owner,
                    "name": "",
                    "state": "running",
                    "created_at": 100.0,
                    "rows": 3,
                    "duplicates": 0,
                    "bad_lines": 0,
                    "explain": False,
                    "emulated": True,
                },
            )
            common = {"batch_id": owner, "by_id": False, "available_at": 0.0, "attempts": 0, "platform": "x"}
            done = {"state": "done", "outcome": "ok", "label": "bot", "p_bot": 0.9, "done_at": 150.0, "claim": None}
            open_ = {"state": "claimed", "outcome": None, "label": None, "p_bot": None, "done_at": None, "claim": "c"}
            maple = {"number": 0, "line": 1, "handle": "reg_maple", "account_id": "4211"}
            birch = {"number": 1, "line": 2, "handle": "reg_birch", "account_id": None}
            other = {"number": 2, "line": 3, "handle": "reg_maple", "account_id": "77", "platform": "instagram"}
            found = [common | done | maple, common | open_ | birch, common | done | other]
            connection.execute(sa.insert(rows), found)
    return engine


def outcomes(engine: sa.Engine) -> dict[tuple[str, int], str | None]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(rows.c.batch_id, rows.c.number, rows.c.outcome))
        return {(batch_id, number): outcome for batch_id, number, outcome in found}


def test_a_row_knows_the_other_name(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        assert BatchRows().names(connection, [MAPLE]) == {MAPLE, MAPLE_ID}


@pytest.mark.parametrize("name", [MAPLE, MAPLE_ID])
def test_nothing_is_left_of_the_account_but_its_place(filled: sa.Engine, name: ProfileRef) -> None:
    with filled.begin() as connection:
        assert BatchRows().erase(connection, [name], None) == 2
        row = connection.execute(sa.select(rows).where(rows.c.batch_id == "ada", rows.c.number == 0)).mappings().one()
    assert {name: value for name, value in row.items() if value is not None} == {
        "batch_id": "ada",
        "number": 0,
        "line": 1,
        "platform": "x",
        "by_id": False,
        "state": "done",
        "available_at": 0.0,
        "attempts": 0,
        "done_at": 150.0,
        "outcome": "deleted",
    }
    assert outcomes(filled)["ada", 2] == "ok"


def test_an_owner_deletes_in_its_own_batches_alone(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        assert BatchRows().erase(connection, [MAPLE], "bert") == 1
    assert (outcomes(filled)["bert", 0], outcomes(filled)["ada", 0]) == ("deleted", "ok")


def test_whoever_works_at_the_row_loses_it(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        BatchRows().erase(connection, [ProfileRef(Platform.X, handle="reg_birch")], None)
        late = sa.update(rows).where(rows.c.claim == "c").values(outcome="ok")
        assert connection.execute(late).rowcount == 0


def test_a_restored_batch_is_emptied_again_where_it_is_older_than_the_deletion(filled: sa.Engine) -> None:
    for deleted_at, count in ((99.0, 0), (101.0, 1)):
        buried = Buried(HASHES, {(HASHES.of(MAPLE_ID), "ada"): deleted_at})
        with filled.begin() as connection:
            assert BatchRows().erase_buried(connection, buried) == count
    assert (outcomes(filled)["ada", 0], outcomes(filled)["bert", 0]) == ("deleted", "ok")
