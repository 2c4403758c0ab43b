"""The gateway's channel takes turns between the model servers behind a name, also one that is added later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import yaml

from bench.ports import free_ports
from contracts.serving_protos import PredictResponse
from gateway.model_channel import open_channel
from serving.local_server.state_monitor import State
from tests.k8s.name_server import NameServer
from tests.serving.conftest import saved_models  # noqa: F401 - pytest finds the fixture by its name here.
from tests.serving.harness import RunningServer, model_list, predict_request

HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
MANIFEST = Path(__file__).parents[2] / "k8s" / "base" / "model-server.yaml"


class Cluster:
    """Model servers on one port of several addresses, as pods are; each has another version, so that it can be told."""

    def __init__(self, folder: Path, models: Path) -> None:
        (self.port,) = free_ports(1, HOSTS[0])
        self._folder, self._models = folder, models
        self._servers: list[RunningServer] = []

    def start(self, host: str) -> None:
        """The next server: version 1, 2 or 3."""
        number = len(self._servers) + 1
        folder = self._folder / host
        folder.mkdir()
        policy = f"model_version_policy {{ specific {{ versions: {number} }} }}"
        config = folder / "models.config"
        config.write_text(str(model_list(("half_plus_two", self._models / "half_plus_two", policy))))
        server = RunningServer(
            folder,
            port=self.port,
            bind_address=host,
            model_config_file=str(config),
            # A second in place of fifteen, so that the test need not wait so long.
            grpc_channel_arguments=_arguments_of_the_manifest().replace("15000", "1000"),
        )
        self._servers.append(server)
        assert server.wait_for("half_plus_two", number, State.AVAILABLE)

    def stop(self) -> None:
        """End them all."""
        for server in self._servers:
            server.stop()


@pytest.fixture
def cluster(tmp_path: Path, saved_models: Path) -> Iterator[Cluster]:  # noqa: F811
    cluster = Cluster(tmp_path, saved_models)
    yield cluster
    cluster.stop()


@pytest.fixture
def names() -> Iterator[NameServer]:
    names = NameServer(HOSTS[:2])
    yield names
    names.close()


def test_every_replica_answers_and_so_does_one_that_is_added_later(cluster: Cluster, names: NameServer) -> None:
    for host in HOSTS[:2]:
        cluster.start(host)
    with open_channel(f"dns://127.0.0.1:{names.port}/model-server:{cluster.port}") as channel:
        _until_answering(channel, {1, 2})
        cluster.start(HOSTS[2])
        names.hosts.append(HOSTS[2])
        _until_answering(channel, {1, 2, 3})
        # One that is taken away gets nothing any more, and no request fails meanwhile.
        names.hosts.remove(HOSTS[0])
        _until_answering(channel, {2, 3})


def _until_answering(channel: grpc.Channel, versions: set[int]) -> None:
    """Until just these take turns: the channel connects to each in its own time."""
    deadline = time.monotonic() + 60
    while (found := _versions(channel, 20)) != versions:
        assert time.monotonic() < deadline, found


def _versions(channel: grpc.Channel, requests: int) -> set[int]:
    """The versions, and with them the servers, that answer so many requests within a while."""
    predict = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=PredictResponse.FromString,
    )
    request = predict_request("half_plus_two", x=np.array([1.0], np.float32))
    found = set()
    for _ in range(requests):
        found.add(int(predict(request, timeout=20).model_spec.version.value))
        time.sleep(0.01)
    return found


def _arguments_of_the_manifest() -> str:
    deployment = next(yaml.safe_load_all(MANIFEST.read_text("utf-8")))
    flags = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return str(next(flag.partition("=")[2] for flag in flags if flag.startswith("--grpc_channel_arguments=")))
