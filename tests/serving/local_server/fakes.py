"""A graph without TensorFlow, and a loader whose loads end when the test says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from contracts.serving_protos import SignatureDef, TensorProto
from serving.local_server.errors import StatusError
from serving.local_server.output_tensors import OutputTensor


class FakeGraph:
    """Answers nothing, but remembers that it was closed."""

    signatures: Mapping[str, SignatureDef] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.closed = Event()

    def runner(self, signature: str) -> FakeGraph:
        return self

    def tensor(self, proto: TensorProto) -> Any:
        return proto

    def run(
        self,
        feeds: Mapping[str, Any],
        fetches: Sequence[str],
        timeout_ms: int | None = None,
        *,
        in_this_thread: bool = False,
    ) -> list[OutputTensor]:
        return []

    def close(self) -> None:
        self.closed.set()


class FakeLoader:
    """Loads a FakeGraph; a folder in `held` waits for its event, a folder in `broken` raises its error."""

    def __init__(self) -> None:
        self.held: dict[Path, Event] = {}
        self.broken: dict[Path, StatusError] = {}
        self.attempts: list[Path] = []
        self.graphs: dict[Path, FakeGraph] = {}

    def __call__(self, folder: Path) -> FakeGraph:
        self.attempts.append(folder)
        if folder in self.held:
            assert self.held[folder].wait(10)
        if folder in self.broken:
            raise self.broken[folder]
        self.graphs[folder] = FakeGraph(folder)
        return self.graphs[folder]
