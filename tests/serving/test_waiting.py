"""A promotion begins when the servers that are starting answer."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from click.testing import CliRunner

from contracts.model import STABLE
from serving.addresses import UnknownServers
from serving.cli import main
from serving.config import Config
from serving.waiting import answering_servers
from tests.serving.promotion_setting import Setting

NOWHERE = "unix:/nowhere"


class Cluster:
    """Names a server that does not answer yet so many times; its clock moves only while somebody sleeps."""

    def __init__(self, servers: Sequence[str], starting: int) -> None:
        self.servers, self.starting, self.clock = servers, starting, 0.0

    def find(self) -> Sequence[str]:
        self.starting -= 1
        return self.servers if self.starting < 0 else [*self.servers, NOWHERE]

    def wait(self, seconds: float) -> Sequence[str]:
        return answering_servers(self.find, seconds=seconds, monotonic=lambda: self.clock, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


def test_a_server_that_starts_is_waited_for(setting: Setting) -> None:
    cluster = Cluster(setting.addresses, starting=3)
    assert cluster.wait(60) == setting.addresses
    assert cluster.clock == 3


def test_who_is_there_when_the_time_is_over_is_asked(setting: Setting) -> None:
    cluster = Cluster(setting.addresses, starting=99)
    assert cluster.wait(5) == [*setting.addresses, NOWHERE]
    assert cluster.clock == 5


def test_a_name_that_stands_for_nobody_yet_is_asked_for_again() -> None:
    names = iter([UnknownServers("nobody"), UnknownServers("nobody"), ()])

    def find() -> Sequence[str]:
        found = next(names)
        if isinstance(found, Exception):
            raise found
        return found

    slept: list[float] = []
    assert answering_servers(find, seconds=9, monotonic=lambda: sum(slept), sleep=slept.append) == ()
    assert len(slept) == 2
    with pytest.raises(UnknownServers):
        answering_servers(_nobody, seconds=9, monotonic=lambda: sum(slept), sleep=slept.append)


def test_a_promotion_waits_no_longer_than_was_said_and_then_names_who_is_missing(setting: Setting) -> None:
    setting.add(2)
    servers = (*setting.addresses, NOWHERE)
    config = Config(setting.store.folder, setting.folder / "shipped", servers, "http://127.0.0.1:9")
    began = time.monotonic()
    refused = CliRunner().invoke(main, ["promote", "2", "--wait", "1"], obj=config)
    assert (refused.exit_code, f"{NOWHERE}: UNAVAILABLE" in refused.output) == (1, True)
    assert time.monotonic() - began >= 1
    assert setting.labelled(STABLE) == [1, 1]


def _nobody() -> Sequence[str]:
    raise UnknownServers("nobody")
