from __future__ import annotations

import json
import logging

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.config import Config, Platforms
from gateway.logs import JsonFormatter
from tests.gateway.fakes import FakeFetcher, FakeModel


def test_it_lives_without_its_neighbours_and_is_ready_with_a_model(client: FlaskClient, model: FakeModel) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json == {"status": "ready", "model_version": 7}
    model.available = False
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_a_request_id_is_given_or_kept(client: FlaskClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "from-caller_1"}).headers["X-Request-ID"] == "from-caller_1"
    replaced = client.get("/livez", headers={"X-Request-ID": "no blanks, please"}).headers["X-Request-ID"]
    assert len(replaced) == 32


def test_requests_are_counted_by_route_and_never_by_handle(client: FlaskClient, registry: CollectorRegistry) -> None:
    client.get("/?profile=https://x.com/reg_maple")
    client.get("/nothing/reg_maple")
    labels = {"route": "/", "method": "GET", "status": "200"}
    assert registry.get_sample_value("rollcall_gateway_requests_total", labels) == 1
    unmatched = {"route": "none", "method": "GET", "status": "404"}
    assert registry.get_sample_value("rollcall_gateway_requests_total", unmatched) == 1
    assert registry.get_sample_value("rollcall_gateway_requests_in_flight") == 0
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    assert not any("reg_maple" in value for sample in samples for value in sample.labels.values())


def test_the_log_line_holds_the_id_and_no_handle(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO):
        client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"}, headers={"X-Request-ID": "id-1"})
    line = json.loads(caplog.text)
    assert (line["request_id"], line["route"], line["status"]) == ("id-1", "/api/v1/classify", 200)
    assert "reg_maple" not in caplog.text


def test_a_fault_is_a_500_that_tells_nothing_and_is_logged(
    client: FlaskClient, fetcher: FakeFetcher, caplog: pytest.LogCaptureFixture
) -> None:
    fetcher.trouble = RuntimeError("inside")
    answer = client.post("/api/v1/classify", json={"profile": "https://x.com/reg_maple"})
    assert (answer.status_code, answer.json["type"]) == (500, "/problems/internal-error")
    assert "inside" not in answer.text
    assert "inside" in caplog.text
    assert client.get("/?profile=https://x.com/reg_maple").status_code == 500


@pytest.mark.parametrize(
    ("site", "destination", "status"),
    [
        ("same-origin", "empty", 200),
        ("none", "document", 200),
        ("cross-site", "document", 200),
        ("cross-site", "image", 403),
        ("cross-site", "iframe", 403),
        ("same-site", "empty", 403),
    ],
)
def test_other_sites_may_link_but_not_send(
    client: FlaskClient, fetcher: FakeFetcher, site: str, destination: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}
    assert client.get("/?profile=https://x.com/reg_maple", headers=headers).status_code == status
    assert len(fetcher.asked) == (1 if status == 200 else 0)


def test_another_sites_form_is_refused(client: FlaskClient, fetcher: FakeFetcher) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    form = {"profile": "https://x.com/reg_maple"}
    assert client.post("/classify", data=form, headers=headers).status_code == 403
    assert not fetcher.asked


def test_live_mode_has_no_banner_and_no_samples(fetcher: FakeFetcher, model: FakeModel) -> None:
    app = create_app(Config(platforms=Platforms.LIVE), fetcher=fetcher, model=model)
    page = app.test_client().get("/").text
    assert "invented" not in page


def test_without_any_neighbour_the_real_clients_give_typed_answers() -> None:
    away = "http://127.0.0.1:1"
    app = create_app(Config(fetcher_url=away, emulator_url=away, model_server="127.0.0.1:1", model_deadline_s=0.5))
    client = app.test_client()
    assert client.get("/").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.post("/api/v1/classify", json={"profile": "https://x.com/a"}).status_code == 503
    assert client.get("/api/v1/limits").status_code == 502


class _TooSlow:
    def read(self, size: int = -1) -> bytes:
        raise BlockingIOError


@pytest.mark.parametrize(("length", "status"), [(20, 408), (100_000, 413)])
def test_a_body_that_does_not_come_in_time_is_no_fault_of_ours(client: FlaskClient, length: int, status: int) -> None:
    for path, kind in [("/api/v1/classify", "application/json"), ("/classify", "application/x-www-form-urlencoded")]:
        body = {"wsgi.input": _TooSlow(), "CONTENT_LENGTH": str(length)}
        answer = client.post(path, content_type=kind, environ_overrides=body)
        assert answer.status_code == status
    assert length > 20 or "in time" in answer.text
