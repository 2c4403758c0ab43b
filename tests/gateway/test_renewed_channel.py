"""A name without addresses, as that of a headless Service whose pods are all away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from contracts import model as names
from contracts.serving_protos import ModelSpec, PredictRequest
from contracts.tensors import fill
from gateway.renewed_channel import SILENCE_S, RenewedChannel
from tests.gateway.model_server import ModelServer
from tests.k8s.name_server import NameServer


class Caller:
    """Asks over a channel, whose clock stands still unless a test moves it."""

    def __init__(self, dns: NameServer, port: str) -> None:
        self.clock = 0.0
        self.channel = RenewedChannel(f"dns://127.0.0.1:{dns.port}/model-server:{port}", now=lambda: self.clock)

    def ask(self) -> grpc.StatusCode:
        request = PredictRequest(model_spec=ModelSpec(name="rollcall", signature_name=names.DESCRIBE))
        request.model_spec.version_label = "stable"
        fill(request.inputs[names.ROWS], np.zeros(1, np.int32))
        try:
            self.channel.predict(request, timeout=10, metadata=())
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
        return grpc.StatusCode.OK


@pytest.fixture
def dns() -> Iterator[NameServer]:
    server = NameServer([])
    yield server
    server.close()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.stop()


@pytest.fixture
def caller(dns: NameServer, server: ModelServer) -> Iterator[Caller]:
    caller = Caller(dns, server.target.rpartition(":")[2])
    yield caller
    caller.channel.close()


def test_the_name_is_asked_for_again_after_a_silence_and_not_before(caller: Caller, dns: NameServer) -> None:
    assert caller.ask() is grpc.StatusCode.UNAVAILABLE
    asked = dns.questions
    for _ in range(5):
        caller.ask()
    # gRPC itself asks again after a second, then after ever longer pauses.
    assert dns.questions <= 2 * asked
    for _ in range(3):
        asked = dns.questions
        caller.clock += SILENCE_S
        caller.ask()
        assert caller.ask() is grpc.StatusCode.UNAVAILABLE
        assert dns.questions > asked


def test_the_first_question_after_a_silence_finds_the_servers_that_came_back(caller: Caller, dns: NameServer) -> None:
    assert caller.ask() is grpc.StatusCode.UNAVAILABLE
    dns.hosts.append("127.0.0.1")
    caller.clock += SILENCE_S
    caller.ask()
    assert caller.ask() is grpc.StatusCode.OK


def test_a_call_under_way_outlasts_a_renewal(caller: Caller, dns: NameServer, server: ModelServer) -> None:
    dns.hosts.append("127.0.0.1")
    server.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(caller.ask)
        while not server.requests:
            time.sleep(0.01)
        asked = dns.questions
        caller.clock += SILENCE_S
        caller.channel.renew()
        server.hold.set()
        assert answer.result(10) is grpc.StatusCode.OK
    assert caller.ask() is grpc.StatusCode.OK
    assert dns.questions > asked
