"""One name of DNS stands for several model servers."""

from __future__ import annotations

from typing import Any

import pytest

from serving.addresses import UnknownServers, find_servers


def resolve(name: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
    if name != "model-server-all":
        raise OSError(-2, "Name or service not known")
    return [(2, 1, 6, "", (host, port)) for host in ("10.0.0.2", "10.0.0.1", "10.0.0.2")] + [
        (10, 1, 6, "", ("fd00::1", port, 0, 0))
    ]


def test_addresses_given_one_by_one_stay_as_they_are() -> None:
    assert find_servers(["127.0.0.1:8500", "unix:/run/a"], resolve) == ("127.0.0.1:8500", "unix:/run/a")


def test_every_address_behind_a_name_is_one_server() -> None:
    found = find_servers(["dns:///model-server-all:8500"], resolve)
    assert found == ("10.0.0.1:8500", "10.0.0.2:8500", "[fd00::1]:8500")


def test_name_without_an_address_is_said_in_a_sentence() -> None:
    with pytest.raises(UnknownServers, match="The name elsewhere stands for no model server: Name or service"):
        find_servers(["dns:///elsewhere:8500"], resolve)
