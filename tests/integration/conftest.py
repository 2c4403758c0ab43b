"""One system for all tests that only ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.running_system import System, running_system


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system on free ports, with a state of its own."""
    with running_system(tmp_path_factory.mktemp("state")) as system:
        yield system
