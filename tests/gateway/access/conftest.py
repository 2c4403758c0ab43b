from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.access.key_file import save_keys
from tests.gateway.guarded import KEYS, SECRETS, Guarded


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    path = tmp_path / "keys.toml"
    save_keys(path, KEYS)
    return Guarded(path)


@pytest.fixture
def client(guarded: Guarded) -> FlaskClient:
    return guarded.client()


@pytest.fixture
def signed_in(guarded: Guarded) -> Callable[[str], FlaskClient]:
    """A browser in which somebody signed in."""

    def sign_in(name: str) -> FlaskClient:
        browser = guarded.client()
        answer = browser.post("/sign-in", data={"key": SECRETS[name]}, headers={"Origin": "http://localhost"})
        assert answer.status_code == 303
        return browser

    return sign_in
