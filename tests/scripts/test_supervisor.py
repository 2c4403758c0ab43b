"""Parts are started together and none is left behind, whatever ends first."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from scripts.supervisor import Part, PartFailed, Supervisor, answers, is_free, tail, usable_cores


def part(name: str, code: str, is_ready: Callable[[], bool] = lambda: True) -> Part:
    return Part(name, [sys.executable, "-c", code], {"PYTHONUNBUFFERED": "1"}, is_ready)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


FOREVER = "import time; print('up'); time.sleep(600)"


def test_a_part_that_ends_is_named_with_its_status_and_last_lines(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(part("good one", FOREVER))
        supervisor.start(part("bad one", "print('first'); print('the reason'); raise SystemExit(3)", lambda: False))
        with pytest.raises(PartFailed, match="bad one ended with status 3") as caught:
            supervisor.wait_ready()
    assert tail(caught.value.log) == "first\nthe reason"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to a core")
def test_a_part_and_what_it_starts_keep_to_its_core(tmp_path: Path) -> None:
    core = usable_cores()[-1]
    show = "import os; print(sorted(os.sched_getaffinity(0)), flush=True)"
    code = f"import subprocess, sys; {show}; subprocess.run([sys.executable, '-c', {show!r}]); {FOREVER}"
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(replace(part("kept", code), core=core))
        supervisor.start(part("free", f"{show}; {FOREVER}"))
        wait_until(lambda: all((tmp_path / f"{name}.log").read_text().endswith("up\n") for name in ("kept", "free")))
    assert (tmp_path / "kept.log").read_text().splitlines()[:2] == [f"[{core}]"] * 2
    assert (tmp_path / "free.log").read_text().splitlines()[0] == str(usable_cores())


def test_a_part_that_is_never_ready_is_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(part("slow one", FOREVER, lambda: False))
        with pytest.raises(PartFailed, match="slow one was not ready"):
            supervisor.wait_ready(seconds=0)


def test_leaving_ends_children_and_their_children(tmp_path: Path) -> None:
    family = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {FOREVER!r}])"
    before = set(psutil.Process().children(recursive=True))
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(part("parent", family))
        wait_until(lambda: (tmp_path / "parent.log").read_text() == "up\n")
        started = set(psutil.Process().children(recursive=True)) - before
        assert len(started) == 2
    wait_until(lambda: not any(is_alive(process) for process in started))


def test_a_part_that_ignores_the_request_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.supervisor.STOP_SECONDS", 0.2)
    before = set(psutil.Process().children())
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(part("deaf", deaf))
        wait_until(lambda: (tmp_path / "deaf.log").read_text() == "up\n")
        (process,) = set(psutil.Process().children()) - before
    assert not is_alive(process)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux can tie a child's life to its parent's.")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    code = (
        "import os, pathlib, signal, sys; from scripts.supervisor import Part, Supervisor\n"
        f"with Supervisor(pathlib.Path({str(tmp_path)!r})) as supervisor:\n"
        f"    command = [sys.executable, '-c', {FOREVER!r}]\n"
        "    supervisor.start(Part('orphan', command, {'PYTHONUNBUFFERED': '1'}, lambda: True))\n"
        f"    log = pathlib.Path({str(tmp_path / 'orphan.log')!r})\n"
        "    while not log.read_text(): pass\n"
        "    print(supervisor._running[0][1].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, check=False
    )
    pid = int(done.stdout)
    wait_until(lambda: not psutil.pid_exists(pid) or not is_alive(psutil.Process(pid)))


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


def test_only_a_good_answer_counts_as_one() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert answers(f"{address}/readyz")
        assert not answers(f"{address}/other")
        server.shutdown()
        thread.join()
    assert not answers(f"{address}/readyz")
