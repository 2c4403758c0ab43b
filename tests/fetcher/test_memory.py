"""The whole process tree of the fetcher, as it is started in production, stays below 120 MB."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import requests

from bench.ports import free_ports
from contracts.platforms import Platform

MOST_MB = 120


def test_the_process_tree_stays_small_and_stops_cleanly(tmp_path: Path, site: Any) -> None:
    port, metrics_port = free_ports(2)
    environ = {
        **os.environ,
        "STATE_DIR": str(tmp_path),
        "FETCHER_PORT": str(port),
        "FETCHER_METRICS_PORT": str(metrics_port),
        "EMULATOR_URL": site.url,
    }
    process = subprocess.Popen([sys.executable, "-m", "fetcher"], env=environ, stderr=subprocess.PIPE)
    try:
        await_ready(port)
        accounts = [{"platform": "x", "handle": f"reg_{number}"} for number in range(300)]
        accounts += [{"platform": "instagram", "handle": f"reg_{number}"} for number in range(30)]
        body = {"accounts": accounts, "include": ["activity"]}
        answer = requests.post(f"http://127.0.0.1:{port}/profiles", json=body, timeout=60)
        assert {result["outcome"] for result in answer.json()["results"]} == {"ok"}
        assert (
            "rollcall_fetcher_window_used" in requests.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=5).text
        )
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        assert sum(each.memory_full_info().pss for each in tree) < MOST_MB * 1e6
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_sigterm_lets_running_requests_end(tmp_path: Path, site: Any) -> None:
    port, metrics_port = free_ports(2)
    environ = {
        **os.environ,
        "STATE_DIR": str(tmp_path),
        "FETCHER_PORT": str(port),
        "FETCHER_METRICS_PORT": str(metrics_port),
        "EMULATOR_URL": site.url,
    }
    process = subprocess.Popen([sys.executable, "-m", "fetcher"], env=environ)
    outcomes: list[str] = []

    def ask() -> None:
        body = {"accounts": [{"platform": "x", "handle": "reg_one"}], "deadline_s": 20}
        answer = requests.post(f"http://127.0.0.1:{port}/profiles", json=body, timeout=60)
        outcomes.append(answer.json()["results"][0]["outcome"])

    try:
        await_ready(port)
        site.emulator.faults[Platform.X].order("*", "hang", 1)
        asking = Thread(target=ask)
        asking.start()
        metrics = f"http://127.0.0.1:{metrics_port}/metrics"
        while "rollcall_fetcher_http_in_progress 1.0" not in requests.get(metrics, timeout=5).text:
            assert asking.is_alive()
    finally:
        process.terminate()
        process.wait(timeout=60)
    asking.join()
    # The answer that hung is a 504, which is asked for again while the process drains.
    assert outcomes == ["ok"]
    assert process.returncode == 0


def await_ready(port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError("The fetcher was not ready within 90 seconds.")


def test_a_wrong_configuration_is_one_sentence_and_exit_code_2() -> None:
    environ = {**os.environ, "PLATFORMS": "both"}
    done = subprocess.run(
        [sys.executable, "-m", "fetcher"], env=environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "PLATFORMS must be one of emulated, live" in done.stderr
