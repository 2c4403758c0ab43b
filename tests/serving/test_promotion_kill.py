"""A promotion killed at every step: the old version goes on answering, and the next command finishes or undoes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contracts.features import F
from contracts.model import MODEL_NAME, STABLE
from serving.history import History
from serving.replicas import Replica
from serving.store import Served, Store
from tests.serving.promotion_setting import Setting
from tests.serving.relay import Halt, Relay
from tests.serving.server_process import until

RELOAD, STATUS, PREDICT = "HandleReloadConfigRequest", "GetModelStatus", "Predict"
OLD, LOADED, MOVED = (
    Served(frozenset({1}), {STABLE: 1}),
    Served(frozenset({1, 2}), {STABLE: 1}),
    Served(frozenset({1, 2}), {STABLE: 2}),
)
STEPS = {
    # step: (which of the two servers the command is stopped at, where, what the file says then, the labels then)
    "before anything is written": (0, Halt(STATUS, 1), OLD, [1, 1]),
    "when the version to load is written": (0, Halt(RELOAD, 1), LOADED, [1, 1]),
    "when one of two loads it": (1, Halt(RELOAD, 1), LOADED, [1, 1]),
    "while it waits for both": (1, Halt(STATUS, 3), LOADED, [1, 1]),
    "while it checks the answers": (1, Halt(PREDICT, 1), LOADED, [1, 1]),
    "when the moved label is written": (0, Halt(RELOAD, 2), MOVED, [1, 1]),
    "when the label moved on one of two": (1, Halt(RELOAD, 2), MOVED, [2, 1]),
    "when it moved on both, unrecorded": (1, Halt(RELOAD, 2, after=True), MOVED, [2, 2]),
}


COMMAND = "import os; from serving.cli import main; from serving.config import Config; "
COMMAND += "main(obj=Config.from_environ(os.environ))"
"""As `python -m serving`, but at the priority of the test, which waits for it."""


class Command:
    """A command of the model store in a process of its own."""

    def __init__(self, setting: Setting, servers: list[str], *arguments: str) -> None:
        environment = os.environ | {"MODEL_STORE": str(setting.store.folder), "MODEL_SERVERS": ",".join(servers)}
        command = [sys.executable, "-c", COMMAND, *arguments]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output

    def kill(self) -> None:
        self.process.kill()
        output, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == -signal.SIGKILL, output


@pytest.fixture
def relays(setting: Setting) -> Iterator[list[Relay]]:
    """Filled by `stopped_at`."""
    relays: list[Relay] = []
    yield relays
    for relay in relays:
        relay.stop()


def stopped_at(setting: Setting, relays: list[Relay], server: int, halt: Halt) -> Command:
    """A promotion of version 2 that waits at `halt` of that server."""
    relays += [Relay(address, halt if at == server else None) for at, address in enumerate(setting.addresses)]
    command = Command(setting, [relay.address for relay in relays], "promote", "2")
    assert relays[server].reached.wait(60), command.process.poll()
    return command


def assert_the_old_version_answers(setting: Setting) -> None:
    for address in setting.addresses:
        with Replica(address) as replica:
            answer = replica.run(1, "serving_default", {"features": np.zeros((1, F), np.float32)})
            assert answer["probabilities"].shape == (1, 4)


def assert_a_later_server_agrees(setting: Setting) -> None:
    served = setting.store.served()
    assert served is not None
    later = setting.start(f"later-{time.monotonic_ns()}")
    with Replica(f"unix:{later.socket}") as replica:
        until(lambda: replica.labelled(STABLE) == served.labels[STABLE])
    later.stop()


@pytest.mark.parametrize("step", STEPS)
def test_killed_promotion_leaves_the_old_version_and_is_finished_by_the_next(
    setting: Setting, relays: list[Relay], step: str
) -> None:
    server, halt, file, labels = STEPS[step]
    setting.add(2)
    stopped_at(setting, relays, server, halt).kill()
    assert (setting.store.served(), setting.labelled(STABLE)) == (file, labels)
    assert_the_old_version_answers(setting)
    assert_a_later_server_agrees(setting)
    assert list(setting.promotion.promote(2))[-1] == "stable is version 2 now."
    assert (setting.store.served(), setting.labelled(STABLE)) == (MOVED, [2, 2])
    assert History(setting.store.folder).moves()[-1].labels == {STABLE: 2}


def test_killed_between_two_servers_is_undone_by_a_rollback_or_brought_to_agreement(
    setting: Setting, relays: list[Relay]
) -> None:
    server, halt, _, _ = STEPS["when the label moved on one of two"]
    setting.add(2)
    stopped_at(setting, relays, server, halt).kill()
    relays += [Relay(address) for address in setting.addresses]
    addresses = [relay.address for relay in relays[-2:]]
    code, output = Command(setting, addresses, "agree").finish()
    assert (code, setting.labelled(STABLE)) == (0, [2, 2]), output
    assert output.splitlines() == [f"{addresses[1]} was told.", "2 server(s) serve what the configuration says."]
    code, output = Command(setting, addresses, "rollback").finish()
    assert (code, setting.labelled(STABLE)) == (0, [1, 1]), output


def test_of_two_promotions_at_once_one_wins_and_the_other_says_so(setting: Setting, relays: list[Relay]) -> None:
    for number in (2, 3):
        setting.add(number)
    first = stopped_at(setting, relays, 1, Halt(RELOAD, 1))
    code, output = Command(setting, [relay.address for relay in relays], "promote", "3").finish()
    assert (code, "Another command is changing the model store" in output) == (1, True)
    relays[1].go_on.set()
    code, output = first.finish()
    assert (code, setting.labelled(STABLE)) == (0, [2, 2]), output


def test_killed_publication_is_no_version_and_can_be_repeated(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(512):  # Large enough to be killed half-way, without taking room: the files are holes.
        with (source / f"{number:02}").open("wb") as file:
            file.truncate(32 << 20)
    store = Store(tmp_path / "store")
    code = "import sys; from pathlib import Path; from serving.store import Store; "
    code += "Store(Path(sys.argv[1])).publish(Path(sys.argv[2]), 7)"
    process = subprocess.Popen([sys.executable, "-c", code, str(store.folder), str(source)])
    try:
        until(lambda: any(store.models.glob("draft-*/*")))
    finally:
        process.kill()
        process.wait(60)
    assert store.versions() == []
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "saved_model.pb").write_text(MODEL_NAME)
    store.publish(tmp_path / "whole", 7)
    assert (store.versions(), [child.name for child in store.version(7).iterdir()]) == ([7], ["saved_model.pb"])
