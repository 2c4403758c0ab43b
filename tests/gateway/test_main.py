"""The process as it is run: `python -m gateway`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import urllib3

from bench.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
AWAY = {"FETCHER_URL": "http://127.0.0.1:1", "EMULATOR_URL": "http://127.0.0.1:1", "MODEL_SERVER": "127.0.0.1:1"}


class Gateway:
    """A running gateway without neighbours."""

    def __init__(self, log: Path) -> None:
        self.port, self.metrics_port = free_ports(2)
        self.log = log
        state = {"STATE_DIR": str(log.parent / "state"), "DATABASE_URL": ""}
        ports = {"GATEWAY_PORT": str(self.port), "GATEWAY_METRICS_PORT": str(self.metrics_port)}
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway"], cwd=ROOT, env=os.environ | AWAY | ports | state, stderr=stream
            )

    def get(self, path: str, port: int | None = None) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(retries=False) as pool:
            return pool.request("GET", f"http://127.0.0.1:{port or self.port}{path}", timeout=5)

    def wait(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                if self.get("/livez").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = Gateway(tmp_path_factory.mktemp("gateway") / "log")
    try:
        running.wait()
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0


def test_metrics_have_a_listener_of_their_own(gateway: Gateway) -> None:
    gateway.get("/livez")
    metrics = gateway.get("/metrics", gateway.metrics_port).data.decode()
    assert 'rollcall_gateway_requests_total{method="GET",route="/livez",status="200"}' in metrics
    assert "process_resident_memory_bytes" in metrics
    assert gateway.get("/metrics").status == 404


def test_every_log_line_is_json(gateway: Gateway) -> None:
    lines = gateway.log.read_text().splitlines()
    assert lines
    assert all(re.fullmatch(r"\{.*\}", line) for line in lines), lines


def test_it_loads_neither_tensorflow_nor_pandas_and_stays_small(gateway: Gateway) -> None:
    for _ in range(50):
        gateway.get("/")
    tree = [(parent := psutil.Process(gateway.process.pid)), *parent.children(recursive=True)]
    maps = {Path(each.path).name for process in tree for each in process.memory_maps()}
    assert not any("tensorflow" in name or "pandas" in name for name in maps)
    if sys.platform == "linux":
        assert sum(process.memory_full_info().pss for process in tree) < 120e6


def test_a_wrong_environment_is_one_sentence_and_status_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway"],
        cwd=ROOT,
        env=os.environ | {"GATEWAY_PORT": "x"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "GATEWAY_PORT is 'x'; it must be a port from 0 to 65535.\n"


def test_a_database_that_cannot_be_opened_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    done = subprocess.run(
        [sys.executable, "-m", "gateway"],
        cwd=ROOT,
        env=os.environ | {"STATE_DIR": str(tmp_path / "state"), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be opened: ")
    assert done.stderr.count("\n") == 1
