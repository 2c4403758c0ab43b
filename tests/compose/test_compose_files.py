"""What the compose files promise: no rights, bounded memory, and networks that let nobody past the fetcher."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from serving.config import Config
from serving.launch import server_flags
from tests.compose.files import (
    COMBINATIONS,
    FULL,
    LOCAL_MODEL_SERVER,
    MINIMAL,
    ROOT,
    Service,
    document,
    megabytes,
    services,
)

ONE_SHOT = {"keys", "seed", "tools", "database-password"}
"""They end by themselves; whoever waits for them waits for their end, not for their health."""

EVERY_SERVICE = [
    pytest.param(name, service, id=f"{file}:{name}")
    for file in (FULL, MINIMAL)
    for name, service in services(file).items()
]
BOTH = pytest.mark.parametrize("file", [FULL, MINIMAL])


def _ours(service: Service) -> bool:
    return str(service["image"]).startswith("rollcall/")


@pytest.mark.parametrize(("name", "service"), EVERY_SERVICE)
def test_it_can_change_nothing_but_its_volumes_and_has_no_rights(name: str, service: Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc"}


@pytest.mark.parametrize(("name", "service"), EVERY_SERVICE)
def test_it_runs_as_a_user_without_rights(name: str, service: Service) -> None:
    if _ours(service):
        target = service["build"]["target"]
        stage = _stages()[target]
        assert "USER 10001:10001" in stage
        assert "user" not in service
    elif name not in RUN_WITHOUT_ROOT:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])


RUN_WITHOUT_ROOT = {"prometheus", "grafana"}
"""Their images run as users of their own (65534 and 472) by themselves."""


def _stages() -> dict[str, str]:
    parts = re.split(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("name", "service"), EVERY_SERVICE)
def test_its_memory_processes_and_log_are_bounded(name: str, service: Service) -> None:
    assert megabytes(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize(("name", "service"), EVERY_SERVICE)
def test_it_has_a_health_check_or_ends_by_itself(name: str, service: Service) -> None:
    if name in ONE_SHOT:
        assert service["restart"] == "no"
    elif _ours(service):
        assert re.search(r"^HEALTHCHECK .*\bCMD \[", _stages()[service["build"]["target"]], re.MULTILINE | re.DOTALL)
    else:
        assert service["healthcheck"].keys() == {"test", "interval", "timeout", "start_period", "retries"}


@BOTH
def test_whoever_waits_for_another_waits_for_its_health_or_its_end(file: str) -> None:
    for service in services(file).values():
        for other, wait in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert wait == {"condition": expected}


@BOTH
def test_only_the_gateway_and_grafana_are_published_and_only_on_this_machine(file: str) -> None:
    published = {name: service["ports"] for name, service in services(file).items() if "ports" in service}
    assert published.keys() == {"gateway", "grafana"} & services(file).keys()
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@BOTH
def test_only_the_fetcher_reaches_the_platforms(file: str) -> None:
    networks = document(file)["networks"]
    reach_out = {name for name, network in networks.items() if not network.get("internal")}
    assert reach_out == {"edge", "outside"}
    # Docker rewrites no address of this network, so that nothing comes back to it from beyond the machine.
    assert networks["edge"]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert _members(file, "outside") == {"fetcher"}


@BOTH
def test_only_whoever_asks_the_model_reaches_its_server(file: str) -> None:
    expected = {"gateway", "worker", "tools", "prometheus", "model-server"} & services(file).keys()
    assert _members(file, "model") == expected


def test_only_gateway_and_worker_reach_the_database_and_only_the_fetcher_the_ledger() -> None:
    assert _members(FULL, "data") == {"gateway", "worker", "postgres", "redis", "database-password"}
    assert _members(FULL, "ledger") == {"fetcher", "redis"}


def _members(file: str, network: str) -> set[str]:
    return {name for name, service in services(file).items() if network in service.get("networks", [])}


@BOTH
def test_every_service_names_its_networks(file: str) -> None:
    # Without a name it would land in a default network, which reaches everywhere.
    for service in services(file).values():
        assert service.get("networks") or service["network_mode"] == "none"


@BOTH
def test_no_secret_stands_in_the_environment(file: str) -> None:
    for service in services(file).values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|SESSION|API_KEY", variable):
                assert variable.endswith("_FILE") or value == "", variable


def test_gateway_and_worker_share_the_key_and_the_tombstones_outside_of_the_database() -> None:
    both = [services(FULL)[name] for name in ("gateway", "worker")]
    for variable in ("SECRET_KEY_FILE", "TOMBSTONES_FILE", "DATABASE_URL", "QUEUE_URL", "RETENTION_DAYS"):
        assert both[0]["environment"][variable] == both[1]["environment"][variable]
    for volume in ("gateway-state:/var/lib/rollcall", "tombstones:/var/lib/tombstones"):
        assert all(volume in service["volumes"] for service in both)
    assert both[0]["environment"]["TOMBSTONES_FILE"].startswith("/var/lib/tombstones/")


@BOTH
def test_the_folders_of_volumes_belong_to_our_user_in_the_image(file: str) -> None:
    made = re.search(r"install -d -o 10001 -g 10001 -m 0750 (.+)", (ROOT / "Dockerfile").read_text())
    assert made
    for service in services(file).values():
        for volume in service.get("volumes", []) if _ours(service) else []:
            source, folder, *mode = volume.split(":")
            assert source.startswith("./") or mode == ["ro"] or folder in made[1].split()


@BOTH
def test_the_model_server_is_started_by_the_flags_of_make_run(file: str) -> None:
    config = Config.from_environ({"MODEL_STORE": "/models"})
    flags = server_flags(config, port=8500, rest_port=8501)
    flags[-1] = "--monitoring_config_file=/etc/rollcall/monitoring.config"
    assert services(file)["model-server"]["command"] == flags


def test_the_local_model_server_takes_the_same_flags() -> None:
    override = services(LOCAL_MODEL_SERVER)
    assert override.keys() == {"model-server"}
    assert "command" not in override["model-server"]


def test_the_minimal_system_needs_at_most_1_5_gib() -> None:
    always = [service for service in services(MINIMAL).values() if "profiles" not in service]
    assert sum(megabytes(service["mem_limit"]) for service in always) <= 1536


def test_the_minimal_system_is_the_whole_one_with_less() -> None:
    full, minimal = services(FULL), services(MINIMAL)
    assert minimal.keys() == {"seed", "tools", "gateway", "fetcher", "emulator", "model-server"}
    # It leaves out addresses of services that it does not have.
    not_there = re.compile("postgres|redis|prometheus|worker")
    for name, service in minimal.items():
        wanted = full[name].get("environment", {})
        assert service.get("environment", {}) == {
            variable: value for variable, value in wanted.items() if not not_there.search(str(value))
        }
        for same in ("image", "build", "command", "entrypoint", "healthcheck", "user", "tmpfs", "stop_grace_period"):
            assert service.get(same) == full[name].get(same)
        for less in ("networks", "volumes"):
            assert set(service.get(less, [])) <= set(full[name].get(less, []))


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
@pytest.mark.parametrize("files", COMBINATIONS, ids="+".join)
def test_docker_compose_takes_them(files: tuple[str, ...]) -> None:
    chosen = [argument for name in files for argument in ("-f", name)]
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run(
        ["docker-compose", *chosen, "config"],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    server = "rollcall/model-server:" if LOCAL_MODEL_SERVER in files else "tensorflow/serving:2.20.0"
    assert f"image: {server}" in done.stdout
