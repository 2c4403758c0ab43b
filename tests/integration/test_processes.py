"""How the system as a whole starts, fails and stops."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest
import requests

from tests.integration.running_system import System, running_system

MEGABYTE = 2**20


def part_of(system: System, module: str) -> psutil.Process:
    children = psutil.Process(system.process.pid).children()
    return next(child for child in children if module in child.cmdline() or f"{module}.wsgi:app" in child.cmdline())


@pytest.mark.parametrize("module", ["gateway", "fetcher"])
def test_the_web_services_stay_small(system: System, module: str) -> None:
    system.classify("https://x.com/reg_small")
    root = part_of(system, module)
    tree = [root, *root.children(recursive=True)]
    assert sum(process.memory_full_info().pss for process in tree) < 120 * MEGABYTE
    loaded = {Path(entry.path).name for process in tree for entry in process.memory_maps()}
    assert not [name for name in loaded if "tensorflow" in name or "pandas" in name]


def test_every_hop_shows_its_metrics(system: System) -> None:
    system.classify("https://x.com/reg_measured")
    for port, hop in {
        "GATEWAY_METRICS_PORT": "rollcall_gateway_hop_seconds_count",
        "FETCHER_METRICS_PORT": "rollcall_fetcher_upstream_requests_total",
    }.items():
        text = requests.get(system.url(port, "/metrics"), timeout=5).text
        assert hop in text
        assert "reg_measured" not in text
    model = requests.get(system.url("MODEL_REST_PORT", "/monitoring/prometheus/metrics"), timeout=5).text
    assert ":tensorflow:serving:request_count" in model


def test_ctrl_c_stops_everything_and_a_second_start_remembers(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        assert system.classify("https://x.com/reg_twice").status_code == 200
        family = psutil.Process(system.process.pid).children(recursive=True)
        system.process.send_signal(signal.SIGINT)
        assert system.process.wait(timeout=30) == 0
        assert not [process for process in family if process.is_running()]
    with running_system(tmp_path) as system:
        again = system.classify("https://x.com/reg_twice").json()
    assert again["provenance"]["cached"] is True


def test_a_part_that_dies_ends_the_run_and_is_named(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        family = psutil.Process(system.process.pid).children(recursive=True)
        part_of(system, "fetcher").kill()
        assert system.process.wait(timeout=30) == 1
        assert system.process.stdout is not None
        assert "fetcher ended with status -9; everything was stopped." in system.process.stdout.read()
        deadline = time.monotonic() + 10
        while any(process.is_running() for process in family):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_dead_model_server_is_a_typed_answer_and_not_a_crash(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        part_of(system, "serving.local_server").suspend()
        answer = system.classify("https://x.com/reg_patient")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert requests.get(system.url("GATEWAY_PORT", "/livez"), timeout=5).status_code == 200
        part_of(system, "serving.local_server").resume()
        assert system.classify("https://x.com/reg_patient").status_code == 200
