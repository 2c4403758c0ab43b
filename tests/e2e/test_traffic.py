"""The traffic between two versions on the real local model server: the shipped version, published as 1 and as 2."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bench.ports import free_port
from gateway.app import create_app
from gateway.config import Config
from tests.gateway.fakes import FakeDemo, FakeFetcher, MemoryTrafficStore

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "serving" / "models" / "rollcall"
CONFIG = """model_config_list {{ config {{
  name: "rollcall" base_path: "{base}" model_platform: "tensorflow"
  model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  version_labels {{ key: "stable" value: 1 }} version_labels {{ key: "canary" value: 2 }}
}} }}"""
TRAFFIC = "/api/v1/model/traffic"


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its gRPC address."""
    folder = tmp_path_factory.mktemp("store")
    newest = max((each for each in SHIPPED.iterdir() if each.name.isdecimal()), key=lambda each: int(each.name))
    for number in (1, 2):
        shutil.copytree(newest, folder / "rollcall" / str(number))
    (folder / "models.config").write_text(CONFIG.format(base=folder / "rollcall"))
    port = free_port()
    flags = [f"--port={port}", "--bind_address=127.0.0.1", f"--model_config_file={folder / 'models.config'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "serving.local_server",
                *flags,
                "--allow_version_labels_for_unavailable_models=true",
            ],
            cwd=ROOT,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def client(model_server: str) -> FlaskClient:
    app = create_app(
        Config(model_server=model_server), fetcher=FakeFetcher(), traffic=MemoryTrafficStore(), demo=FakeDemo()
    )
    client = app.test_client()
    # The port opens with the first version; the other one comes a moment later.
    until(lambda: None not in [client.get(TRAFFIC).json[label]["version"] for label in ("stable", "canary")])
    return client


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def versions(client: FlaskClient, handles: range) -> list[int]:
    """The version that answers each invented account."""
    answers = []
    for number in handles:
        answer = client.post("/api/v1/classify", json={"profile": f"https://x.com/reg_{number}"})
        assert answer.status_code == 200, answer.text
        answers.append(answer.json["model"]["version"])
    return answers


def test_the_share_moves_while_running_and_the_shadow_agrees_with_itself(client: FlaskClient) -> None:
    assert set(versions(client, range(10))) == {1}
    body = client.put(TRAFFIC, json={"canary_share": 1.0, "shadow": True}).json
    assert (body["stable"]["version"], body["canary"]["version"]) == (1, 2)
    assert set(versions(client, range(10))) == {2}

    def compared() -> dict[str, float]:
        shadow: dict[str, float] = client.get(TRAFFIC).json["observed"]["shadow"]
        return shadow

    until(lambda: compared()["compared"] + compared()["dropped"] >= 10)
    assert compared()["agreement"] == 1
    assert compared()["mean_absolute_difference"] == pytest.approx(0, abs=1e-6)
    assert client.put(TRAFFIC, json={"canary_share": 0.0}).json["effect"].startswith("Stable answers every account")
    assert set(versions(client, range(10))) == {1}


def test_the_model_page_shows_both(client: FlaskClient) -> None:
    client.put(TRAFFIC, json={"canary_share": 0.25})
    page = client.get("/model").text
    assert "The canary answers 25% of the accounts, stable the others." in page
    assert '<td>stable</td><td class="withbar"><span>75%</span>' in page
