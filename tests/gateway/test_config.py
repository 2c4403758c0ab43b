from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gateway.config import Config, ConfigError, Platforms


def test_an_empty_environment_is_the_demo_on_this_machine() -> None:
    config = Config.from_environ({})
    assert config == Config()
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
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Config.from_environ({variable: text})


def test_the_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]
