"""`python -m gateway.results` and the start of the gateway, on a database that was restored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.access.secret_key import open_secret_key
from gateway.config import Config
from gateway.database import open_database
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from gateway.results.accounts import AccountHashes
from gateway.results.erasers import own_erasers
from gateway.results.erasure import Erasure
from gateway.results.store import ResultStore
from gateway.results.stored import StoredResult
from tests.gateway.fakes import NOW, FakeFetcher, assessment

ROOT = Path(__file__).resolve().parents[3]
REF = ProfileRef(Platform.X, handle="reg_maple")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A database with one result, its copy from before the deletion, and the tombstones of today."""
    config = Config.from_environ({"STATE_DIR": str(tmp_path)})
    engine = open_database(config.database_url)
    upgrade(engine)
    hashes = AccountHashes(open_secret_key(config.secret_key_file))
    asked_at = NOW.timestamp()
    result = StoredResult.of("ada", assessment(), hashes, asked_at=asked_at, kept_s=1e9)
    ResultStore(engine, hashes).add([result])
    engine.dispose()
    backup = tmp_path / "backup.db"
    shutil.copy(tmp_path / "gateway.db", backup)
    erasure = Erasure(
        engine,
        hashes,
        own_erasers(hashes),
        FakeFetcher(),
        Metrics(CollectorRegistry()),
        path=config.tombstones_file,
        now=lambda: asked_at + 60,
    )
    assert erasure.erase([REF], None, "id-1").counts["results"] == 1
    engine.dispose()
    for leftover in tmp_path.glob("gateway.db-*"):
        leftover.unlink()
    shutil.copy(backup, tmp_path / "gateway.db")
    return tmp_path


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"STATE_DIR": str(state), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_start_deletes_again_and_says_so(state: Path) -> None:
    done = run(state, "gateway.migrations")
    assert done.returncode == 0, done.stderr
    assert "deleted again: 0 corrections, 1 results, 0 batch_rows." in done.stderr
    assert run(state, "gateway.migrations").stderr == ""


def test_the_command_does_it_too(state: Path) -> None:
    done = run(state, "gateway.results", "retombstone")
    assert (done.returncode, done.stdout) == (0, "Deleted again: 0 corrections, 1 results, 0 batch_rows.\n")


def test_tombstones_of_another_place_are_taken(state: Path) -> None:
    (state / "tombstones.jsonl").rename(state / "elsewhere.jsonl")
    assert "0 results," in run(state, "gateway.results", "retombstone").stdout
    done = run(state, "gateway.results", "retombstone", "--from", str(state / "elsewhere.jsonl"))
    assert done.stdout == "Deleted again: 0 corrections, 1 results, 0 batch_rows.\n"
    copied = run(state, "gateway.results", "tombstones", "--out", str(state / "copy.jsonl"))
    assert copied.stdout.startswith("2 tombstones in ")


def test_where_nothing_was_deleted_the_copy_is_empty_and_can_be_taken(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "elsewhere" / "copy.jsonl"
    assert run(state, "gateway.migrations").returncode == 0
    assert run(state, "gateway.results", "tombstones", "--out", str(copy)).stdout == f"0 tombstones in {copy}.\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    taken = run(state, "gateway.results", "retombstone", "--from", str(copy))
    assert taken.stdout == "Deleted again: 0 corrections, 0 results, 0 batch_rows.\n"


def test_the_daily_work_can_be_done_by_hand(state: Path) -> None:
    done = run(state, "gateway.results", "sweep")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Deleted: ")


def test_a_wrong_environment_is_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path / "none" / "there", "gateway.results", "tombstones", "--out", "/nowhere/file")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
