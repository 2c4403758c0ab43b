from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gateway.config import Config, ConfigError, Platforms


def test_an_empty_environment_is_the_demo_on_this_machine() -> None:
    config = Config.from_environ({})
    assert config == Config(database_url=config.database_url)
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
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Config.from_environ({variable: text})


def test_the_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]
