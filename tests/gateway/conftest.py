from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.config import Config
from gateway.metrics import Metrics
from tests.gateway.fakes import NOW, Clock, FakeDemo, FakeFetcher, FakeModel, MemoryTrafficStore
from tests.gateway.model_server import ModelServer


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
        Config(), registry=registry, fetcher=fetcher, model=model, traffic=store, demo=FakeDemo(), now=lambda: NOW
    )
    return app.test_client()


@pytest.fixture
def classify(client: FlaskClient) -> Callable[..., object]:
    """`POST /api/v1/classify` of one profile."""

    def post(profile: str, **more: str) -> object:
        return client.post("/api/v1/classify", json={"profile": profile, **more})

    return post
