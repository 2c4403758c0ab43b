"""`make verify-real`: the contract tests against the original, in its own container.

Docker must be able to pull the image, which exists for x86-64 only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bench.ports import free_port
from serving.config import Config
from serving.launch import MONITORING, server_flags
from serving.replicas import Replica, ReplicaError
from serving.store import Store
from tests.serving.test_contract import FIRST, fill

IMAGE = os.environ.get("TENSORFLOW_SERVING_IMAGE", "tensorflow/serving:2.20.0")
START_TIMEOUT_S = 120.0


def main() -> int:
    """Start the container on a store of its own, run the tests, remove the container; returns the exit status."""
    if shutil.which("docker") is None:
        sys.stderr.write("Docker is not installed; the original cannot be asked.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder).resolve() / "store")
        fill(store)
        for path in (store.folder, *store.folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        ports = free_port(), free_port()
        name = f"rollcall-verify-{os.getpid()}"
        started = subprocess.run(_command(store, name, *ports), check=False, capture_output=True, text=True)
        if started.returncode:
            sys.stderr.write(f"{IMAGE} cannot be started: {started.stderr.strip()}\n")
            return 1
        try:
            return _verify(store, *ports)
        finally:
            logs = subprocess.run(["docker", "logs", "--tail", "20", name], check=False, capture_output=True, text=True)
            sys.stderr.write(logs.stdout + logs.stderr + "\n")
            subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


def _command(store: Store, name: str, port: int, rest_port: int) -> list[str]:
    """The store at its own path, so that the configuration of a promotion is true inside as well."""
    config = Config(store.folder, store.folder, (f"127.0.0.1:{port}",), "http://127.0.0.1:1")
    return [
        *("docker", "run", "--detach", "--init", "--name", name),
        *("--publish", f"127.0.0.1:{port}:8500", "--publish", f"127.0.0.1:{rest_port}:8501"),
        *("--volume", f"{store.folder}:{store.folder}:ro", "--volume", f"{MONITORING}:{MONITORING}:ro"),
        IMAGE,
        *server_flags(config, port=8500, rest_port=8501),
        "--enable_batching=true",
    ]


def _verify(store: Store, port: int, rest_port: int) -> int:
    end = time.monotonic() + START_TIMEOUT_S
    while not _is_available(f"127.0.0.1:{port}"):
        if time.monotonic() > end:
            sys.stderr.write(f"{IMAGE} had no version available within {START_TIMEOUT_S:.0f} s.\n")
            return 1
        time.sleep(0.5)
    os.environ |= {
        "CONTRACT_STORE": str(store.folder),
        "CONTRACT_GRPC": f"127.0.0.1:{port}",
        "CONTRACT_REST": f"http://127.0.0.1:{rest_port}",
    }
    return int(pytest.main(["-q", str(Path(__file__).with_name("test_contract.py"))]))


def _is_available(address: str) -> bool:
    try:
        with Replica(address) as replica:
            status = replica.versions().get(FIRST)
    except ReplicaError:
        return False
    return status is not None and status.state == "AVAILABLE"


if __name__ == "__main__":
    sys.exit(main())
