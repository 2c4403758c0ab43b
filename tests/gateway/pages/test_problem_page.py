from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.config import Config
from gateway.database import open_database
from gateway.migrations.upgrade import upgrade
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel, MemoryTrafficStore


@pytest.fixture
def engine() -> sa.Engine:
    engine = open_database("sqlite://")
    upgrade(engine)
    return engine


@pytest.fixture
def client(engine: sa.Engine) -> FlaskClient:
    return create_app(
        Config(),
        fetcher=FakeFetcher(),
        model=FakeModel(),
        traffic=MemoryTrafficStore(),
        engine=engine,
        demo=FakeDemo(),
        now=lambda: NOW,
    ).test_client()


@pytest.mark.parametrize("path", ["/batches", "/batches/00000000000000000000000000000000", "/history"])
def test_a_database_that_is_away_tells_a_person_when_to_come_back(
    client: FlaskClient, engine: sa.Engine, path: str
) -> None:
    with engine.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f'DROP TABLE "{table}"'))
    page = client.get(path)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Database not available" in page.text
    assert f'href="{path}">Try again</a> in 5 s.' in " ".join(page.text.split())
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.text
