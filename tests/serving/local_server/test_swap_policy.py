from __future__ import annotations

import pytest

from serving.local_server.swap_policy import Load, Stage, Unload, VersionSnapshot, next_action


def version(number: int, stage: Stage, *, wanted: bool = True) -> VersionSnapshot:
    return VersionSnapshot(number, stage, wanted)


@pytest.mark.parametrize(
    ("versions", "action"),
    [
        ([], None),
        ([version(1, Stage.NEW)], Load(1)),
        ([version(1, Stage.READY)], None),
        ([version(1, Stage.READY, wanted=False), version(2, Stage.NEW)], Load(2)),
        ([version(1, Stage.READY, wanted=False), version(2, Stage.LOADING)], None),
        ([version(1, Stage.READY, wanted=False), version(2, Stage.READY)], Unload(1)),
        ([version(1, Stage.READY, wanted=False), version(2, Stage.ENDED)], None),
        ([version(1, Stage.READY, wanted=False)], Unload(1)),
        ([version(1, Stage.NEW), version(3, Stage.NEW), version(2, Stage.NEW)], Load(3)),
        (
            [version(2, Stage.READY, wanted=False), version(1, Stage.READY, wanted=False), version(3, Stage.NEW)],
            Unload(1),
        ),
        ([version(1, Stage.READY, wanted=False), version(2, Stage.READY), version(3, Stage.NEW)], Unload(1)),
        ([version(1, Stage.UNLOADING, wanted=False), version(2, Stage.READY)], None),
    ],
    ids=[
        "nothing to do",
        "first version is loaded",
        "ready version stays",
        "new version is loaded before the old one goes",
        "old version answers while the new one loads",
        "old version goes when the new one is ready",
        "old version stays when the new one failed",
        "version goes when nothing is wanted",
        "highest version is loaded first",
        "of two unwanted ones the lower goes first",
        "an unwanted one goes before a further one is loaded",
        "no version is unloaded twice",
    ],
)
def test_one_version_always_answers(versions: list[VersionSnapshot], action: Load | Unload | None) -> None:
    assert next_action(versions) == action
