from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from gunicorn.util import parse_address

from gateway.__main__ import address as listening_at
from gateway.config import Config, ConfigError, Platforms


def test_an_empty_environment_is_the_demo_on_this_machine() -> None:
    config = Config.from_environ({})
    assert config == Config(
        database_url=config.database_url,
        queue_url=config.queue_url,
        secret_key_file=config.secret_key_file,
        tombstones_file=config.tombstones_file,
    )
    assert config.emulated
    assert (config.bind_host, config.port, config.metrics_port) == ("127.0.0.1", 8000, 9100)


def test_variables_are_read() -> None:
    config = Config.from_environ(
        {
            "GATEWAY_PORT": "8010",
            "PLATFORMS": "live",
            "FETCHER_URL": "http://fetcher:8001/",
            "MODEL_SERVER": "dns:///model:8500",
            "MODEL_DEADLINE_S": "1.5",
            "LOG_LEVEL": "DEBUG",
        }
    )
    assert config.port == 8010
    assert config.platforms is Platforms.LIVE
    assert config.fetcher_url == "http://fetcher:8001"
    assert config.model_server == "dns:///model:8500"
    assert config.model_deadline_s == 1.5
    assert config.log_level == "debug"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Config.from_environ({"GATEWAY_PORT": " "}).port == 8000


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"STATE_DIR": "/var/lib/rollcall"}, "sqlite:////var/lib/rollcall/gateway.db"),
        ({"XDG_STATE_HOME": "/home/x/state"}, "sqlite:////home/x/state/rollcall/gateway.db"),
        ({"STATE_DIR": "/var/lib", "DATABASE_URL": "sqlite:////elsewhere.db"}, "sqlite:////elsewhere.db"),
    ],
)
def test_the_database_lies_with_the_state(environ: dict[str, str], url: str) -> None:
    assert Config.from_environ(environ).database_url == url


def test_the_address_of_the_database_is_never_shown() -> None:
    assert "gateway.db" not in repr(Config.from_environ({}))
    with pytest.raises(ConfigError, match="DATABASE_URL is given; it must be an address") as caught:
        Config.from_environ({"DATABASE_URL": "nothing://user:hunter2@host/db"})
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environ({"GATEWAY_PORT": "70000", "PLATFORMS": "both", "FETCHER_URL": "fetcher"})
    assert len(caught.value.mistakes) == 3
    assert "GATEWAY_PORT is '70000'; it must be a port from 0 to 65535." in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("GATEWAY_PORT", "-1"),
        ("GATEWAY_PORT", "\uff18\uff10"),
        ("GATEWAY_METRICS_PORT", "x"),
        ("GATEWAY_THREADS", "0"),
        ("PLATFORMS", "none"),
        ("FETCHER_URL", "ftp://fetcher"),
        ("FETCHER_URL", "http://fetcher:port"),
        ("FETCHER_URL", "http://fetcher/?a=b"),
        ("EMULATOR_URL", "http://[::1"),
        ("MODEL_SERVER", "model"),
        ("MODEL_SERVER", "http://model:8500"),
        ("FETCH_DEADLINE_S", "nan"),
        ("MODEL_DEADLINE_S", "1 s"),
        ("DATABASE_URL", "gateway.db"),
        ("LOG_LEVEL", "loud"),
        ("OPEN_ACCESS", "maybe"),
        ("RETENTION_DAYS", "-1"),
        ("RECHECK_USD_PER_DAY", "nan"),
        ("TRUSTED_HOSTS", "https://rollcall.example"),
        ("LIMITER_STORAGE_URL", "memcached://host"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Config.from_environ({variable: text})


def test_the_other_parts_are_looked_for_where_make_run_puts_them() -> None:
    ports = {"FETCHER_PORT": "18001", "EMULATOR_PORT": "18002", "MODEL_GRPC_PORT": "18500"}
    config = Config.from_environ(ports)
    assert config.fetcher_url == "http://127.0.0.1:18001"
    assert config.emulator_url == "http://127.0.0.1:18002"
    assert config.model_server == "127.0.0.1:18500"
    assert Config.from_environ(ports | {"MODEL_SERVER": "a:1"}).model_server == "a:1"


def test_the_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]


def test_a_deployment_may_assume_shares_of_its_own() -> None:
    text = "regular=0.85, bot=0.05, influencer=0.02, fake=0.08"
    config = Config.from_environ({"PREVALENCE_INSTAGRAM": text})
    assert set(config.prevalence.of_platform) == {"instagram"}
    with pytest.raises(ConfigError, match=r"PREVALENCE_X is .* shares of all four classes .* add up to 0\.5"):
        Config.from_environ({"PREVALENCE_X": "regular=0.2, bot=0.1, influencer=0.1, fake=0.1"})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql+psycopg://rollcall:invented@postgres/rollcall\n")
    config = Config.from_environ({"DATABASE_URL_FILE": str(file)})
    assert config.database_url == "postgresql+psycopg://rollcall:invented@postgres/rollcall"
    assert "invented" not in repr(config)


def test_a_secret_given_twice_or_in_no_file_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite://")
    with pytest.raises(ConfigError, match="both set"):
        Config.from_environ({"DATABASE_URL": "sqlite://", "DATABASE_URL_FILE": str(file)})
    with pytest.raises(ConfigError, match="can be read"):
        Config.from_environ({"DATABASE_URL_FILE": str(tmp_path / "absent")})


@pytest.mark.parametrize(
    ("host", "address"), [("::1", "[::1]:80"), ("[::]", "[::]:80"), ("127.0.0.1", "127.0.0.1:80"), ("name", "name:80")]
)
def test_an_ipv6_address_is_one_to_gunicorn(host: str, address: str) -> None:
    assert parse_address(listening_at(host, 80)) == parse_address(address)
    assert listening_at(host, 80) == address
