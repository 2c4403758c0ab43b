"""Databases of both kinds, with the newest tables, and what is stored in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.access.key_file import save_keys
from gateway.access.secret_key import SecretKey
from gateway.assessment import Assessment
from gateway.batches.erasure import BatchRows
from gateway.database import open_database
from gateway.metrics import Metrics
from gateway.migrations.upgrade import upgrade
from gateway.results.accounts import AccountHashes
from gateway.results.corrections import Corrections
from gateway.results.erasers import own_erasers
from gateway.results.erasure import Erasure
from gateway.results.store import ResultStore
from gateway.results.stored import StoredResult
from tests.gateway.fakes import NOW, FakeFetcher
from tests.gateway.guarded import KEYS, Guarded

SECRET = SecretKey(b"s" * 32)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
    else:
        url = request.getfixturevalue("postgres").database()
    engine = open_database(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@dataclass
class Time:
    """Passes only when the test says so."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


@dataclass
class Kept:
    """Everything that keeps and deletes, over one database."""

    engine: sa.Engine
    path: Path
    time: Time = field(default_factory=Time)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    def __post_init__(self) -> None:
        self.hashes = AccountHashes(SECRET)
        self.store = ResultStore(self.engine, self.hashes)
        self.corrections = Corrections(self.engine, self.store, self.time.seconds)
        self.erasure = Erasure(
            self.engine,
            self.hashes,
            [*own_erasers(self.hashes), BatchRows()],
            self.fetcher,
            self.metrics,
            path=self.path,
            now=self.time.seconds,
        )

    def add(self, owner: str, answer: Assessment) -> StoredResult:
        """Store an answer now; a moment passes."""
        result = StoredResult.of(owner, answer, self.hashes, asked_at=self.time.seconds(), kept_s=30 * 86400)
        self.store.add([result])
        self.time.at += timedelta(seconds=1)
        return result


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """A gateway that asks for keys."""
    save_keys(tmp_path / "keys.toml", KEYS)
    return Guarded(tmp_path / "keys.toml")


@pytest.fixture
def client(guarded: Guarded) -> FlaskClient:
    return guarded.client()


@pytest.fixture
def kept(engine: sa.Engine, tmp_path: Path) -> Kept:
    return Kept(engine, tmp_path / "state" / "tombstones.jsonl")
