"""One system for all tests that only ask it, and one without limits for those that ask it thousands of things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.campaign import watched_system
from tests.fuzz.proxy import RefusingProxy
from tests.integration.running_system import System, running_system


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system on free ports, with a state of its own."""
    with running_system(tmp_path_factory.mktemp("state")) as system:
        yield system


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, RefusingProxy]]:
    """Limits that nobody reaches (a typed 503 is right, but not what is looked for here), and whom it asked outside."""
    with watched_system(tmp_path_factory.mktemp("watched")) as found:
        yield found
