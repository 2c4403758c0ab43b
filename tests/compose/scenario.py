"""The whole system on a real engine, in the order of an installation's life: `make compose-test`.

The tests rest on each other, so the first that fails ends the run. The compose files are those of the project,
unchanged; what is set stands in `.env`, as an operator would set it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from bench.ports import free_ports
from contracts.model import CLASSES
from tests.compose.engine import Engine
from tests.compose.images import ROOT, version
from tests.compose.load import HANDLES, Load
from tests.compose.prometheus_answers import targets, wait_until_nothing, without_data
from tests.compose.stack import Stack, copy_of, previous_state
from tests.compose.status_page import read_status
from tests.compose.steps import (
    Say,
    begin_batch,
    classify,
    history,
    new_key,
    run_keys,
    wait_for_batch,
    wait_ready,
)
from tests.monitoring.test_dashboards import expressions

PROJECT = "rollcall-test"


@pytest.fixture(scope="module")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory, say: Say) -> Iterator[Stack]:
    """The project's folder of the test; whatever happens, its containers and volumes are gone afterwards."""
    gateway, grafana = free_ports(2)
    settings = {
        "ROLLCALL_VERSION": version(),
        "GATEWAY_PORT": str(gateway),
        "GRAFANA_PORT": str(grafana),
        "API_KEYS_FILE": "/run/secrets/api-keys.toml",
        "OPEN_ACCESS": "0",
        # Rows of a killed worker are taken up by the next after so many seconds.
        "BATCH_LEASE_S": "15",
        # Room for the whole test; the emulated platforms allow as much.
        "EMULATOR_LIMIT_FACTOR": "20",
        "LIMITS_OVERRIDE": "x.windows.users/by.limit=6000",
    }
    stack = Stack(engine, tmp_path_factory.mktemp("operator") / "rollcall", PROJECT, settings)
    previous = previous_state(ROOT)
    stack.fill(copy_of(ROOT) if previous is None else previous[1])
    say(f"the previous state is {'this one: there is no history' if previous is None else previous[0]}")
    try:
        yield stack
    finally:
        with suppress(AssertionError):
            stack.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def operator(stack: Stack) -> str:
    """The key of an operator, made as docs/containers.md says."""
    return new_key(stack, "operations", "operator")


def test_the_previous_state_starts_in_health(stack: Stack, operator: str, say: Say) -> None:
    began = time.monotonic()
    stack.make("up", timeout=1200)
    say(f"made and started in {time.monotonic() - began:.0f} s, all healthy {stack.wait_healthy(120):.0f} s later")
    assert classify(stack, operator, "reg_before").json()["label"] in CLASSES


def test_an_upgrade_while_a_batch_runs_loses_no_row(stack: Stack, operator: str, say: Say) -> None:
    stack.fill(copy_of(ROOT))
    stack.compose("build", "--quiet", timeout=1200)
    batch = begin_batch(stack, operator, "upgr", 8000)
    began = time.monotonic()
    stack.make("up")
    say(f"upgraded in {time.monotonic() - began:.0f} s, all healthy {stack.wait_healthy(120):.0f} s later")
    wait_for_batch(stack, operator, batch, 8000, seconds=120)
    history = stack.ask("GET", "/api/v1/accounts/x/reg_before/results", operator).json()["results"]
    assert len(history) == 1, "what was stored before the upgrade"


def test_the_api_and_the_page_answer_on_this_machine_only(stack: Stack, operator: str) -> None:
    answer = classify(stack, operator, "bot_asked").json()
    assert answer["label"] in CLASSES
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["emulated"] is True
    assert classify(stack, operator, "reg_m_missing").status_code == 404
    assert stack.ask("POST", "/api/v1/classify", json={"profile": "https://x.com/reg_asked"}).status_code == 401
    assert requests.get(stack.url("/sign-in"), timeout=10).status_code == 200
    assert requests.get(stack.url("/api/health", "GRAFANA_PORT"), timeout=10).status_code == 200
    for service in stack.services:
        published = stack.published(service)
        assert all(address == "127.0.0.1" for address in published)
        assert bool(published) == (service in {"gateway", "grafana"})


def test_only_the_fetcher_reaches_beyond_its_networks(stack: Stack) -> None:
    connect = (
        "import socket, sys\n"
        "for address in sys.stdin.read().split():\n"
        "    host, port = address.rsplit(':', 1)\n"
        "    try:\n"
        "        socket.create_connection((host, int(port)), 2).close(); print('reached')\n"
        "    except OSError: print('not')\n"
    )
    inside = ["model-server:8500", "postgres:5432", "redis:6379", "emulator:8002", "prometheus:9090"]
    assert stack.python("fetcher", connect, " ".join(inside)).split() == ["not", "not", "reached", "reached", "reached"]
    assert stack.python("worker", connect, "model-server:8500 postgres:5432 emulator:8002").split() == [
        *("reached", "reached", "not")
    ]
    assert stack.python("emulator", connect, "fetcher:8001 redis:6379 gateway:8000").split()[1] == "not"


def test_a_version_is_swapped_on_the_running_server_under_load(stack: Stack, operator: str, say: Say) -> None:
    # An upgrade may have brought a newer one, which becomes stable only when it is promoted.
    stable, newest = map(int, _in_store(stack, "print(store.served().labels['stable'], store.versions()[-1])").split())
    _in_store(stack, f"store.publish(store.version({stable}), {newest + 1})")
    with Load(stack, operator) as load:
        time.sleep(2)
        assert load.versions() == {stable}
        began = time.monotonic()
        stack.make("promote", f"VERSION={newest + 1}")
        say(f"version {newest + 1} promoted in {time.monotonic() - began:.1f} s")
        time.sleep(3)
        load.forget()
        time.sleep(2)
        assert load.versions() == {newest + 1}
    assert load.failures == []


def _in_store(stack: Stack, code: str) -> str:
    opened = "from pathlib import Path; from serving.store import Store; store = Store(Path('/models'))"
    return stack.compose("run", "--rm", "-T", "tools", "python", "-c", f"{opened}; {code}")


def test_keys_and_the_database_password_change_under_load_without_a_failed_request(
    stack: Stack, operator: str, say: Say
) -> None:
    old = new_key(stack, "program", "viewer")
    time.sleep(2)
    with Load(stack, old) as load:
        time.sleep(2)
        new = new_key(stack, "program", "viewer")
        time.sleep(2)
        load.key = new
        time.sleep(1)
        first = next(line for line in _listed(stack) if line.startswith("program "))
        run_keys(stack, "remove", "program", "--digest", first.split()[-1])
        time.sleep(2.5)
        assert classify(stack, old, "reg_asked").status_code == 401
        stack.make("database-password")
        time.sleep(2)
    assert load.failures == []
    say(f"{sum(load.answers.values())} requests while three secrets changed, none failed")
    # New connections use the new password; the old one opens nothing any more.
    stack.compose("restart", "worker")
    stack.wait_healthy(60)
    wait_for_batch(stack, operator, begin_batch(stack, operator, "passwd", 50), 50, seconds=60)


def _listed(stack: Stack) -> list[str]:
    return run_keys(stack, "list").splitlines()


def panels() -> list[tuple[str, str]]:
    """Name and expression; a swap is an event, so its mark has data for a minute only."""
    return [(name, expression) for name, expression in expressions() if not name.endswith(": Version swapped")]


def test_prometheus_has_every_target_every_panel_has_data_and_the_status_page_shows_it(
    stack: Stack, operator: str
) -> None:
    jobs = {"gateway", "fetcher", "worker", "model-server", "prometheus"}
    down = wait_until_nothing(lambda: sorted(jobs - {job for job, up in targets(stack).items() if up == "up"}), 30)
    assert down == []
    batch = begin_batch(stack, operator, "watch", 300)
    with Load(stack, operator), Load(stack, operator, platform="https://www.instagram.com/"):
        empty = wait_until_nothing(lambda: without_data(stack, panels()), 120)
        assert "as Prometheus knows it" in read_status(stack, operator)
    assert empty == []
    wait_for_batch(stack, operator, batch, 300, seconds=60)


def test_whatever_crashes_is_started_again_and_no_row_is_lost(stack: Stack, operator: str, say: Say) -> None:
    began_at = time.monotonic()
    batches = []
    for number, service in enumerate(sorted(stack.services)):
        batches.append(begin_batch(stack, operator, f"crash{number}_", 300))
        before = stack.state(service)
        began = time.monotonic()
        # As the kernel does it when memory runs out; the engine is not told, so that its restart policy acts.
        os.kill(before.pid, signal.SIGKILL)
        if service == "gateway":
            say(f"gateway ready {wait_ready(stack, 60):.1f} s after its crash, the engine's pause included")
        _wait_restarted(stack, service, before.restarts)
        stack.wait_healthy(90, {service})
        say(f"{service}: healthy {time.monotonic() - began:.1f} s after the crash")
    stack.wait_healthy(60)
    for batch in batches:
        wait_for_batch(stack, operator, batch, 300, seconds=120)
    say(f"every batch was whole {time.monotonic() - began_at:.0f} s after the first crash")


def _wait_restarted(stack: Stack, service: str, before: int) -> None:
    deadline = time.monotonic() + 30
    while (state := stack.state(service)).restarts == before or state.status != "running":
        assert time.monotonic() < deadline, f"{service} was not started again"
        time.sleep(0.1)


def test_docker_kill_holds_until_make_up_and_no_row_is_lost(stack: Stack, operator: str) -> None:
    batch = begin_batch(stack, operator, "kill", 3000)
    for service in sorted(stack.services):
        stack.kill(service)
    time.sleep(3)
    # The engine takes it for the operator's wish.
    assert {stack.state(service).status for service in stack.services} == {"exited"}
    stack.make("up")
    stack.wait_healthy(120)
    wait_for_batch(stack, operator, batch, 3000, seconds=120)


def test_a_backup_fills_an_empty_stack_and_deletions_since_then_hold(
    stack: Stack, operator: str, tmp_path: Path, say: Say
) -> None:
    for handle in ("reg_kept", "reg_deleted"):
        assert classify(stack, operator, handle).status_code == 200
    batch = begin_batch(stack, operator, "row", 20)
    wait_for_batch(stack, operator, batch, 20, seconds=60)
    time.sleep(1)
    file = tmp_path / "rollcall.tar"
    began = time.monotonic()
    stack.make("backup", f"FILE={file}")
    say(f"backup in {time.monotonic() - began:.0f} s, {file.stat().st_size / 1e6:.1f} MB")
    assert stack.ask("DELETE", "/api/v1/accounts/x/reg_deleted", operator).status_code == 200
    assert stack.ask("DELETE", "/api/v1/accounts/x/reg_row7", operator).status_code == 200
    stack.make("down")
    # Everything but the tombstones, which stand apart for this.
    stack.remove_volumes(stack.volumes() - {"tombstones"})
    began = time.monotonic()
    stack.make("restore", f"FILE={file}")
    stack.wait_healthy(120)
    say(f"restored into an empty stack in {time.monotonic() - began:.0f} s")
    assert len(history(stack, operator, "reg_kept")) == 1
    assert history(stack, operator, "reg_deleted") == []
    rows = stack.ask("GET", f"/api/v1/batches/{batch}", operator).json()["progress"]["outcomes"]
    assert rows == {"ok": 19, "deleted": 1}
    assert classify(stack, operator, "reg_kept").json()["label"] in CLASSES


def test_no_log_line_holds_a_handle_or_a_key(stack: Stack, operator: str) -> None:
    classify(stack, operator, HANDLES[0])
    text = stack.compose("logs", "--no-color")
    assert '"outcome": "ok"' in text
    for secret in ("reg_", "bot_loaded", "inf_loaded", "fake_loaded", operator, operator[3:]):
        assert secret not in text, next(line for line in text.splitlines() if secret in line)


def test_no_service_comes_near_its_memory_limit(stack: Stack, say: Say) -> None:
    held = stack.memory_mb()
    say("memory: " + ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(held.items())) + " MiB")
    assert held["gateway"] < 256


def test_make_down_leaves_nothing_running_and_keeps_the_volumes(stack: Stack) -> None:
    volumes = stack.volumes()
    stack.make("down")
    assert not any(stack.container(service) for service in stack.services)
    assert stack.volumes() == volumes >= {"models", "postgres-data", "redis-data", "tombstones"}
