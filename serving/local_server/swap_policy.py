"""The order in which versions come and go, so that one always answers. A pure decision.

Source: tensorflow_serving/core/availability_preserving_policy.cc.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Stage(Enum):
    """Where a version is on its way through the manager."""

    NEW = auto()
    LOADING = auto()
    READY = auto()
    UNLOADING = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class VersionSnapshot:
    """One version at the time of the decision."""

    version: int
    stage: Stage
    aspired: bool


@dataclass(frozen=True, slots=True)
class Load:
    """Load this version."""

    version: int


@dataclass(frozen=True, slots=True)
class Unload:
    """Unload this version."""

    version: int


def next_action(versions: Iterable[VersionSnapshot]) -> Load | Unload | None:
    """What to do next for one model.

    A version that is not wanted any more goes, lowest first, only when nothing is wanted, when a wanted one is ready,
    or when more than one unwanted is ready. Otherwise the highest wanted version that is not loaded comes.
    """
    versions = list(versions)
    aspired = [each for each in versions if each.aspired]
    leaving = [each.version for each in versions if not each.aspired and each.stage is Stage.READY]
    if leaving and (not aspired or any(each.stage is Stage.READY for each in aspired) or len(leaving) > 1):
        return Unload(min(leaving))
    coming = [each.version for each in aspired if each.stage is Stage.NEW]
    return Load(max(coming)) if coming else None
