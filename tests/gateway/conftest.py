from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.config import Config
from gateway.metrics import Metrics
from tests.gateway.fakes import NOW, Clock, FakeDemo, FakeFetcher, FakeModel, MemoryTrafficStore, nothing
from tests.gateway.model_server import ModelServer
from tests.gateway.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, where one is installed."""
    if Postgres.binaries() is None:
        message = "PostgreSQL is missing: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with Postgres() as server:
        yield server


@pytest.fixture
def fetcher() -> FakeFetcher:
    return FakeFetcher()


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def store() -> MemoryTrafficStore:
    return MemoryTrafficStore()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    running.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry)


@pytest.fixture
def client(
    fetcher: FakeFetcher, model: FakeModel, store: MemoryTrafficStore, registry: CollectorRegistry
) -> FlaskClient:
    app = create_app(
        Config(),
        registry=registry,
        fetcher=fetcher,
        model=model,
        traffic=store,
        demo=FakeDemo(),
        get=nothing,
        now=lambda: NOW,
    )
    return app.test_client()


@pytest.fixture
def classify(client: FlaskClient) -> Callable[..., object]:
    """`POST /api/v1/classify` of one profile."""

    def post(profile: str, **more: str) -> object:
        return client.post("/api/v1/classify", json={"profile": profile, **more})

    return post
