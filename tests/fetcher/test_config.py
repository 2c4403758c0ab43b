from __future__ import annotations

from pathlib import Path

import pytest

from fetcher.config import Config, Platforms
from fetcher.errors import ConfigurationError


def test_an_empty_environment_is_the_demo() -> None:
    config = Config.from_environ({"HOME": "/home/somebody"})
    assert config.platforms is Platforms.EMULATED
    assert config.port == 8001
    assert config.metrics_port == 9101
    assert config.bind_host == "127.0.0.1"
    assert config.state_dir == Path("/home/somebody/.local/state/rollcall")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIR": "/a"}, "/a"),
        ({"XDG_STATE_HOME": "/b"}, "/b/rollcall"),
        ({"STATE_DIR": "/a", "XDG_STATE_HOME": "/b"}, "/a"),
    ],
)
def test_the_state_folder_follows_the_environment(environ: dict[str, str], folder: str) -> None:
    assert Config.from_environ(environ).state_dir == Path(folder)


def test_every_mistake_is_reported_at_once() -> None:
    environ = {
        "PLATFORMS": "both",
        "FETCHER_PORT": "99999",
        "UPSTREAM_TIMEOUT_S": "soon",
        "X_BEARER_TOKEN_FILE": "/nowhere/token",
        "INSTAGRAM_USER": "somebody",
        "EMULATOR_URL": "ftp://example.invalid",
        "LOG_LEVEL": "loud",
    }
    with pytest.raises(ConfigurationError) as caught:
        Config.from_environ(environ)
    said = str(caught.value)
    for name in (*environ, "INSTAGRAM_SESSION_FILE"):
        assert name in said


def test_a_secret_comes_from_its_file_and_stays_out_of_repr(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("invented-token\n")
    config = Config.from_environ({"PLATFORMS": "live", "X_BEARER_TOKEN_FILE": str(file)})
    assert config.x_bearer_token == "invented-token"
    assert "invented-token" not in repr(config)


def test_a_secret_given_twice_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    with pytest.raises(ConfigurationError, match="both set"):
        Config.from_environ({"X_BEARER_TOKEN": "other", "X_BEARER_TOKEN_FILE": str(file)})
