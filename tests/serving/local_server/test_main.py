"""The process: when it listens, how it fails to start, how it stops, and what a hot swap looks like from outside."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import grpc
import numpy as np
import pytest

from contracts.tensors import from_proto
from tests.serving.harness import model_list, predict_request
from tests.serving.server_process import Process, until

ONE = np.ones([1, 1], np.float32)


def test_port_opens_only_when_a_version_is_available_and_a_signal_ends_it(
    start: Callable[..., Process], tmp_path: Path, copy_version: Callable[[str, int, Path], Path]
) -> None:
    base = tmp_path / "base"
    process = start("--model_name=m", f"--model_base_path={base}")
    until(lambda: "Could not find base path" in process.log)
    assert not process.listens()
    copy_version("half_plus_two", 1, base)
    client = process.client()
    assert client.run("m", x=ONE).outputs["y"].float_val[0] == 2.5
    client.close()
    assert process.stop() == 0


def test_signal_while_waiting_for_a_model_ends_it(start: Callable[..., Process], tmp_path: Path) -> None:
    process = start(f"--model_base_path={tmp_path / 'nowhere'}")
    until(lambda: "Could not find base path" in process.log)
    assert process.stop() == 0


def test_requests_under_way_are_answered_after_the_signal_and_new_ones_are_unavailable(
    start: Callable[..., Process], saved_models: Path
) -> None:
    base = saved_models / "shapes"
    process = start("--model_name=m", f"--model_base_path={base}")
    client = process.client()
    request = predict_request("m", "slow", steps=np.array([10_000], np.int32))
    answers: list[bool] = []
    slow = Thread(target=lambda: answers.append("done" in client.predict(request).outputs))
    idle_s = process.cpu_s()
    slow.start()
    until(lambda: process.cpu_s() > idle_s + 0.1)
    process.process.send_signal(signal.SIGTERM)

    def refused() -> bool:
        try:
            client.run("m", "total", x=np.ones(1, np.float32))
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
        return False

    until(refused)
    slow.join(20)
    assert answers == [True]
    assert process.process.wait(20) == 0
    client.close()


def test_unknown_flags_are_reported_and_passed_over(start: Callable[..., Process], saved_models: Path) -> None:
    base = saved_models / "half_plus_two"
    process = start("--model_name=m", f"--model_base_path={base}", "--no_such_flag=1", "stray")
    process.client().close()
    assert "unknown argument: --no_such_flag=1\nunknown argument: stray\n" in process.log
    assert "--rest_api_port=0" in process.log


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "Both server_options.model_base_path and server_options.model_config_file are empty!"),
        (
            ["--model_base_path=/x", "--batching_parameters_file=/y"],
            "server_options.batching_parameters_file is set without setting server_options.enable_batching to true.",
        ),
        (["--model_base_path=/x", "--ssl_config_file=/nowhere"], "Error reading /nowhere"),
        (["--model_base_path=/x", "--platform_config_file=/y"], "--platform_config_file is not offered"),
        (["--model_config_file=/nowhere"], "Error reading /nowhere"),
        (["--model_base_path=/x", "--monitoring_config_file=/nowhere"], "Error reading /nowhere"),
    ],
)
def test_start_that_cannot_work_fails_with_its_reason(
    start: Callable[..., Process], flags: list[str], reason: str
) -> None:
    process = start(*flags)
    assert process.process.wait(30) == 255
    assert "Failed to start server. Error: " in process.log
    assert reason in process.log


def test_unreadable_configuration_ends_the_start(start: Callable[..., Process], tmp_path: Path) -> None:
    (tmp_path / "bad.config").write_text("model_config_list: nonsense {")
    process = start(f"--model_config_file={tmp_path / 'bad.config'}")
    assert process.process.wait(30) == 255
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig: 1:" in process.log


def test_failing_first_version_fails_the_start(start: Callable[..., Process], tmp_path: Path) -> None:
    (tmp_path / "base" / "1").mkdir(parents=True)
    process = start("--model_name=m", f"--model_base_path={tmp_path / 'base'}", "--max_num_load_retries=0")
    assert process.process.wait(30) == 255
    assert "UNKNOWN: 1 servable(s) did not become available: {{name: m version: 1} due to error: " in process.log


def test_taken_port_fails_the_start(start: Callable[..., Process], saved_models: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start(f"--model_base_path={saved_models / 'half_plus_two'}", f"--rest_api_port={port}")
        assert process.process.wait(30) == 255
    assert f"Cannot listen on 127.0.0.1:{port}" in process.log


def test_configuration_file_is_read_again_where_asked_and_a_bad_one_is_passed_over(
    start: Callable[..., Process], saved_models: Path, tmp_path: Path
) -> None:
    config = tmp_path / "models.config"

    def write(version: int) -> None:
        policy = f"model_version_policy {{ specific {{ versions: {version} }} }}"
        draft = config.with_suffix(".draft")
        draft.write_text(str(model_list(("m", saved_models / "half_plus_two", policy))))
        draft.rename(config)

    write(1)
    process = start(f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1")
    client = process.client()
    assert client.states("m") == {1: 30}
    config.write_text("nonsense {")
    until(lambda: "PollFilesystemAndReloadConfig failed" in process.log)
    assert client.states("m") == {1: 30}
    write(2)
    until(lambda: client.states("m") == {2: 30, 1: 50})
    client.close()


def test_version_flag_prints_two_lines_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "serving.local_server", "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert len(done.stdout.splitlines()) == 2


def test_no_request_fails_and_none_is_answered_wrongly_while_versions_swap(
    start: Callable[..., Process], tmp_path: Path, copy_version: Callable[[str, int, Path], Path]
) -> None:
    """Promotions, a broken version and a half-copied folder, under load of two clients."""
    base = tmp_path / "base"
    copy_version("half_plus_two", 1, base)
    process = start("--model_name=m", f"--model_base_path={base}", "--max_num_load_retries=0")
    client = process.client()
    stop, wrong, answered = Event(), [], [0, 0]

    def ask(index: int) -> None:
        while not stop.is_set():
            try:
                answer = client.run("m", x=ONE)
            except grpc.RpcError as error:
                wrong.append(f"{error.code()}: {error.details()}")
                continue
            answered[index] += 1
            if from_proto(answer.outputs["y"])[0, 0] != 1.5 + answer.model_spec.version.value:
                wrong.append(f"version {answer.model_spec.version.value} gave {answer.outputs['y'].float_val}")

    threads = [Thread(target=ask, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    copy_version("half_plus_two", 2, base)
    until(lambda: client.states("m") == {2: 30, 1: 50})
    (base / "4").mkdir()
    until(lambda: client.states("m").get(4) == 50)
    (base / "4").rmdir()
    copy_version("half_plus_two", 3, base)
    until(lambda: client.states("m").get(3) == 30 and client.states("m").get(2) == 50)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert min(answered) > 50
    client.close()
