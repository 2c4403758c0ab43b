from __future__ import annotations

from pathlib import Path

import pytest

from serving.config import SHIPPED, Config, InvalidConfig
from serving.launch import local_command
from serving.store import Served, Store


def test_defaults_follow_the_state_folder() -> None:
    config = Config.from_environ({"XDG_STATE_HOME": "/s"})
    assert config == Config(Path("/s/rollcall/models"), SHIPPED, ("127.0.0.1:8500",), "http://127.0.0.1:8000")


def test_everything_can_be_set() -> None:
    environ = {
        "MODEL_STORE": "/m",
        "STATE_DIR": "/ignored",
        "SHIPPED_MODELS": "/shipped",
        "MODEL_SERVERS": "a:1, b:2",
        "GATEWAY_URL": "https://g.example/",
    }
    assert Config.from_environ(environ) == Config(Path("/m"), Path("/shipped"), ("a:1", "b:2"), "https://g.example")


def test_the_server_is_looked_for_where_make_run_puts_it() -> None:
    assert Config.from_environ({"MODEL_GRPC_PORT": "18500"}).servers == ("127.0.0.1:18500",)
    assert Config.from_environ({"MODEL_GRPC_PORT": "18500", "MODEL_SERVER": "a:1"}).servers == ("a:1",)


def test_versions_may_lie_in_an_object_store() -> None:
    config = Config.from_environ(
        {"MODEL_BASE_URI": "gs://bucket/rollcall", "MODEL_SERVERS": "dns:///model-server:8500"}
    )
    assert (config.base_uri, config.servers) == ("gs://bucket/rollcall", ("dns:///model-server:8500",))
    configuration = Store(Path("/m"), config.base_uri).configuration(Served(frozenset({1}), {}))
    assert configuration.model_config_list.config[0].base_path == "gs://bucket/rollcall"
    with pytest.raises(InvalidConfig, match="'bucket' is not an address such as"):
        Config.from_environ({"MODEL_BASE_URI": "bucket"})


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(InvalidConfig) as refused:
        Config.from_environ({"MODEL_SERVERS": "a,b:x", "GATEWAY_URL": "ftp://g"})
    assert [word in str(refused.value) for word in ("'a'", "'b:x'", "'ftp://g'")] == [True] * 3


def test_command_of_the_local_server_listens_where_the_environment_says() -> None:
    environ = {"MODEL_STORE": "/m", "MODEL_GRPC_PORT": "18500", "MODEL_REST_PORT": "18501", "BIND_HOST": "0.0.0.0"}
    command = local_command(Config.from_environ(environ), environ)
    for flag in (
        "--port=18500",
        "--rest_api_port=18501",
        "--bind_address=0.0.0.0",
        "--model_config_file=/m/models.config",
        "--allow_version_labels_for_unavailable_models=true",
        "--run_operations_one_by_one=true",
    ):
        assert flag in command
