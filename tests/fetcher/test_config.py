from __future__ import annotations

from pathlib import Path

import pytest
from gunicorn.util import parse_address

from contracts.platforms import Platform
from fetcher.__main__ import address as listening_at
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
    assert config.x_bearer_token_file == file
    assert "invented-token" not in repr(config)


def test_a_secret_given_twice_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    with pytest.raises(ConfigurationError, match="both set"):
        Config.from_environ({"X_BEARER_TOKEN": "other", "X_BEARER_TOKEN_FILE": str(file)})


@pytest.mark.parametrize(
    ("environ", "day", "month"),
    [
        ({}, None, None),
        ({"PLATFORMS": "live"}, 5.0, 150.0),
        ({"PLATFORMS": "live", "X_BUDGET_USD_PER_DAY": "2", "X_BUDGET_USD_PER_MONTH": "0"}, 2.0, None),
        ({"X_BUDGET_USD_PER_DAY": "1"}, 1.0, None),
        ({"LIMITS_OVERRIDE": "x.budget.day_usd=3; x.budget.month_usd=9"}, 3.0, 9.0),
    ],
)
def test_a_budget_binds_live_and_where_it_is_set(
    environ: dict[str, str], day: float | None, month: float | None
) -> None:
    budget = Config.from_environ({"HOME": "/home/somebody", **environ}).limits.rules[Platform.X].budget
    assert (budget.day_usd, budget.month_usd) == (day, month)


def test_every_limit_can_be_changed_by_the_environment() -> None:
    override = "x.windows.users/by.limit=20; instagram.spacing_s=3; people_share=0.3; x.penalties.blocked_s=7"
    rules = Config.from_environ({"HOME": "/home/somebody", "LIMITS_OVERRIDE": override}).limits.rules
    assert rules[Platform.X].windows[0].limit == 20
    assert rules[Platform.INSTAGRAM].spacing_s == 3
    assert rules[Platform.X].people_share == 0.3
    assert rules[Platform.X].penalties.blocked_s == 7


def test_wrong_overrides_and_a_wrong_redis_address_are_named() -> None:
    environ = {"LIMITS_OVERRIDE": "x.nothing.limit=2; people_share=9", "FETCHER_REDIS_URL": "http://somewhere"}
    with pytest.raises(ConfigurationError) as caught:
        Config.from_environ(environ)
    for named in ("x.nothing.limit=2", "people_share", "FETCHER_REDIS_URL"):
        assert named in str(caught.value)


def test_a_session_id_needs_its_user_and_stays_out_of_repr() -> None:
    with pytest.raises(ConfigurationError, match="INSTAGRAM_SESSION_ID"):
        Config.from_environ({"INSTAGRAM_SESSION_ID": "secret-value"})
    config = Config.from_environ({"INSTAGRAM_SESSION_ID": "secret-value", "INSTAGRAM_USER": "somebody"})
    assert "secret-value" not in repr(config)


@pytest.mark.parametrize(
    ("host", "address"), [("::1", "[::1]:80"), ("[::]", "[::]:80"), ("127.0.0.1", "127.0.0.1:80"), ("name", "name:80")]
)
def test_an_ipv6_address_is_one_to_gunicorn(host: str, address: str) -> None:
    assert parse_address(listening_at(host, 80)) == parse_address(address)
    assert listening_at(host, 80) == address
