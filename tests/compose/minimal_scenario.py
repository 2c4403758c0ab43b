"""The minimal system of docs/containers.md; `make compose-test` runs this after scenario.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bench.ports import free_port
from tests.compose.engine import Engine
from tests.compose.files import LOCAL_MODEL_SERVER, MINIMAL
from tests.compose.images import ROOT
from tests.compose.load import HANDLES
from tests.compose.stack import Stack, copy_of
from tests.compose.steps import Say, classify, history

PROJECT = "rollcall-test-minimal"


@pytest.fixture(scope="module")
def minimal(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The minimal system with our own model server."""
    settings = {
        "GATEWAY_PORT": str(free_port()),
        "COMPOSE_FILE": f"{MINIMAL}:{LOCAL_MODEL_SERVER}",
    }
    minimal = Stack(engine, tmp_path_factory.mktemp("operator") / "minimal", PROJECT, settings)
    minimal.fill(copy_of(ROOT))
    try:
        yield minimal
    finally:
        with suppress(AssertionError):
            minimal.compose("down", "--volumes", "--timeout", "5")


def test_the_minimal_system_answers_within_1_5_gib(minimal: Stack, say: Say) -> None:
    minimal.make("up")
    minimal.wait_healthy(120)
    for handle in HANDLES:
        assert classify(minimal, "", handle).status_code == 200
    held = minimal.memory_mb()
    say(f"minimal system: {sum(held.values()):.0f} MiB, {held}")
    assert sum(held.values()) < 1536


def test_the_minimal_system_is_saved_and_brought_back_by_hand(minimal: Stack) -> None:
    save, restore = by_hand()
    time.sleep(1)
    minimal.shell(save)
    minimal.compose("down")
    minimal.remove_volumes(minimal.volumes() - {"tombstones"})
    minimal.shell(restore)
    minimal.wait_healthy(120)
    assert len(history(minimal, "", HANDLES[0])) == 1
    minimal.make("down")


def by_hand() -> tuple[str, str]:
    """The lines of docs/containers.md that save the minimal system, and those that bring it back."""
    text = (ROOT / "docs/containers.md").read_text().split("The minimal system is stopped and copied", 1)[1]
    _, save, _, restore, *_ = text.split("```")
    return save, restore
