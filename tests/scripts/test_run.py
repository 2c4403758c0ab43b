"""`make run` says what is wrong with this machine before it starts anything."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.run import PORTS, CannotRun, Settings, check_machine, parts_of


def test_nothing_set_gives_the_documented_ports_and_state(tmp_path: Path) -> None:
    settings = Settings.read({"XDG_STATE_HOME": str(tmp_path)})
    assert settings.ports == PORTS
    assert settings.state == tmp_path / "rollcall"
    assert not settings.live


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(CannotRun) as caught:
        Settings.read(
            {"GATEWAY_PORT": "eighty", "FETCHER_PORT": "70000", "PLATFORMS": "both", "MODEL_GRPC_PORT": "8501"}
        )
    message = str(caught.value)
    assert all(word in message for word in ["eighty", "70000", "both", "MODEL_GRPC_PORT and MODEL_REST_PORT"])
    assert len(message.splitlines()) == 4


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = Settings.read({"STATE_DIR": str(tmp_path), "GATEWAY_PORT": str(port)})
        with pytest.raises(CannotRun, match=rf"GATEWAY_PORT {port}\b.*make run GATEWAY_PORT="):
            check_machine(replace(settings, ports={"GATEWAY_PORT": port}))


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings.read({"STATE_DIR": str(tmp_path / "file" / "state")})
    with pytest.raises(CannotRun, match="cannot be made"):
        check_machine(replace(settings, ports={}))


def test_live_platforms_start_no_emulator() -> None:
    emulated = [part.name for part in parts_of(Settings.read({}), {})]
    live = [part.name for part in parts_of(Settings.read({"PLATFORMS": "live"}), {"PLATFORMS": "live"})]
    assert set(emulated) - set(live) == {"emulated platforms"}


def test_the_gateway_keeps_to_one_core_where_there_are_several() -> None:
    def kept(*usable: int) -> dict[str, int]:
        return {part.name: part.core for part in parts_of(Settings.read({}), {}, usable) if part.core is not None}

    assert kept(2, 5, 7) == {"gateway": 7}
    assert kept(3) == kept() == {}
