"""A gateway that asks for keys: one of a viewer, one of another, one of an operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from flask.testing import FlaskClient

from gateway.access.caller import Role
from gateway.access.keys import Key, digest_of
from gateway.app import create_app
from gateway.config import Config
from tests.gateway.fakes import NOW, FakeDemo, FakeFetcher, FakeModel, MemoryTrafficStore

SECRETS = {"ada": "rc_ada", "bert": "rc_bert", "olga": "rc_olga"}
KEYS = (
    Key("ada", Role.VIEWER, digest_of(SECRETS["ada"])),
    Key("bert", Role.VIEWER, digest_of(SECRETS["bert"])),
    Key("olga", Role.OPERATOR, digest_of(SECRETS["olga"])),
)


def bearer(name: str) -> dict[str, str]:
    """The header that a program of `name` sends."""
    return {"Authorization": f"Bearer {SECRETS[name]}"}


@dataclass
class Guarded:
    """A gateway with keys and what stands behind it."""

    path: Path
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    model: FakeModel = field(default_factory=FakeModel)
    store: MemoryTrafficStore = field(default_factory=MemoryTrafficStore)

    def client(self, **config: object) -> FlaskClient:
        app = create_app(
            Config(api_keys_file=self.path, **config),  # type: ignore[arg-type]
            fetcher=self.fetcher,
            model=self.model,
            traffic=self.store,
            demo=FakeDemo(),
            now=lambda: NOW,
        )
        return app.test_client()
