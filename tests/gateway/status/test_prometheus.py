from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.status.prometheus import CHARTS, Prometheus
from tests.gateway.fakes import Clock


class FakeServer:
    """Answers every query with one value a step, and firing alerts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body: bytes | None = None
        self.up = True

    def __call__(self, url: str) -> bytes | None:
        self.asked.append(url)
        if not self.up or self.body is not None:
            return self.body
        fields = parse_qs(urlsplit(url).query)
        if urlsplit(url).path.endswith("/query"):
            return _answer([{"metric": {"alertname": "FetcherDown"}, "value": [0, "1"]}])
        end = float(fields["end"][0])
        return _answer([{"metric": {}, "values": [[end - 60, "2.5"], [end, "NaN"]]}])


def _answer(result: object) -> bytes:
    return json.dumps({"status": "success", "data": {"result": result}}).encode()


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def prometheus(server: FakeServer, clock: Clock) -> Prometheus:
    return Prometheus("http://prometheus:9090", server, time_of_day=lambda: 7200.0, clock=clock)


def test_each_chart_has_a_value_a_minute_of_the_last_hour(prometheus: Prometheus) -> None:
    told = prometheus.told()
    assert told.reachable
    assert set(told.series) == set(CHARTS)
    assert told.series["requests"][-2:] == (2.5, None)
    assert len(told.series["requests"]) == 61
    assert told.alerts == ("FetcherDown",)


def test_it_is_asked_every_few_seconds_only(prometheus: Prometheus, server: FakeServer, clock: Clock) -> None:
    prometheus.told()
    asked = len(server.asked)
    prometheus.told()
    assert len(server.asked) == asked
    clock.seconds += 6
    prometheus.told()
    assert len(server.asked) == 2 * asked


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"status": "error"}', b'{"status": "success", "data": 3}'])
def test_an_answer_of_another_form_counts_as_none(prometheus: Prometheus, server: FakeServer, body: bytes) -> None:
    server.body = body
    assert not prometheus.told().reachable


def test_a_server_that_is_away_is_asked_once_and_not_six_times(prometheus: Prometheus, server: FakeServer) -> None:
    server.up = False
    assert not prometheus.told().reachable
    assert len(server.asked) == 1
