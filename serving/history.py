"""Which version was what since when: one JSON line for each move of a label, in the store."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.json_fields import read_time, write_time
from contracts.model import STABLE

PROMOTE, ROLLBACK, BEGIN_CANARY, END_CANARY, SEED = "promote", "rollback", "canary", "end canary", "seed"
"""The commands that move labels."""


@dataclass(frozen=True, slots=True)
class Move:
    """The labels that held from `at` on, and the command that set them."""

    at: datetime
    action: str
    labels: Mapping[str, int]


class History:
    """`history.jsonl`. A line that a crash cut short is passed over."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "history.jsonl"

    def add(self, move: Move) -> None:
        """Append, durably."""
        record = {"at": write_time(move.at), "action": move.action, "labels": dict(move.labels)}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def moves(self) -> list[Move]:
        """Oldest first."""
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        moves = []
        for line in lines:
            try:
                record = json.loads(line)
                moves.append(Move(read_time(record["at"], "at"), record["action"], dict(record["labels"])))
            except (ValueError, KeyError, TypeError):
                continue
        return moves

    def since(self, label: str, version: int) -> datetime | None:
        """When `label` came to point to `version`, if it still does."""
        found = None
        for move in self.moves():
            if move.labels.get(label) != version:
                found = None
            elif found is None:
                found = move.at
        return found

    @staticmethod
    def earlier_than(moves: Sequence[Move]) -> list[int]:
        """The versions that were stable before the one of the last move, newest first, each once.

        A rollback takes its version off again, so that two of them go back two steps and not back and forth.
        """
        stack: list[int] = []
        for move in moves:
            version = move.labels.get(STABLE)
            if version is None:
                continue
            if move.action == ROLLBACK and version in stack:
                del stack[stack.index(version) + 1 :]
            elif not stack or stack[-1] != version:
                stack = [each for each in stack if each != version] + [version]
        return stack[-2::-1]
