from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.fetch_api import REQUEST_ID_HEADER, FetchRequest, Outcome
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from gateway.errors import FetcherUnreachableError
from gateway.fetcher_client import FetcherClient
from gateway.metrics import Metrics
from tests.gateway.fakes import found

REF = ProfileRef(Platform.X, handle="reg_maple")
REQUEST = FetchRequest(accounts=(REF,), deadline_s=1.0)
Respond = Callable[[BaseHTTPRequestHandler], None]


class FetcherServer:
    """A real HTTP server whose next answers are the functions in `answers`; the last one stays."""

    def __init__(self) -> None:
        self.answers: list[Respond] = [answer_json({"results": [found(REF).to_json()]})]
        self.requests: list[tuple[str, str | None, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                server.requests.append((self.path, self.headers.get(REQUEST_ID_HEADER), body))
                respond = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                respond(self)

            do_POST = do_GET  # noqa: N815 - the name that http.server calls.

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def answer_json(document: Any, status: int = 200) -> Respond:
    return answer_bytes(json.dumps(document).encode(), status)


def answer_bytes(body: bytes, status: int = 200) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[FetcherServer]:
    running = FetcherServer()
    yield running
    running.stop()


@pytest.fixture
def client(server: FetcherServer, metrics: Metrics) -> Iterator[FetcherClient]:
    client = FetcherClient(server.url, metrics)
    yield client
    client.close()


def hops(registry: CollectorRegistry, outcome: str) -> float | None:
    labels = {"hop": "fetcher", "operation": "profiles", "outcome": outcome}
    return registry.get_sample_value("rollcall_gateway_hop_seconds_count", labels)


def test_results_come_back_and_the_request_id_goes_along(
    server: FetcherServer, client: FetcherClient, registry: CollectorRegistry
) -> None:
    [result] = client.profiles(REQUEST, "id-1")
    assert result.outcome is Outcome.OK
    assert result.profile == found(REF).profile
    path, request_id, body = server.requests[0]
    assert (path, request_id) == ("/profiles", "id-1")
    assert FetchRequest.from_json(body) == REQUEST
    assert hops(registry, "200") == 1


def test_limits_are_passed_on(server: FetcherServer, client: FetcherClient) -> None:
    server.answers = [answer_json({"platforms": []})]
    assert client.limits("id-1") == {"platforms": []}
    assert server.requests[0][0] == "/limits"


def test_a_lost_connection_is_tried_once_more(server: FetcherServer, client: FetcherClient) -> None:
    server.answers.insert(0, hang_up)
    [result] = client.profiles(REQUEST, "id-1")
    assert result.outcome is Outcome.OK
    assert len(server.requests) == 2


def test_two_lost_connections_are_an_error(
    server: FetcherServer, client: FetcherClient, registry: CollectorRegistry
) -> None:
    server.answers = [hang_up]
    with pytest.raises(FetcherUnreachableError, match="cannot be reached"):
        client.profiles(REQUEST, "id-1")
    assert len(server.requests) == 2
    assert hops(registry, "unreachable") == 1


def test_a_slow_answer_is_not_asked_for_again(
    server: FetcherServer, client: FetcherClient, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.fetcher_client._GRACE_S", 0.05)
    given_up = threading.Event()
    server.answers = [lambda _: given_up.wait(60)]
    with pytest.raises(FetcherUnreachableError, match="in time"):
        client.profiles(FetchRequest(accounts=(REF,), deadline_s=0.5), "id-1")
    given_up.set()
    assert len(server.requests) == 1
    assert hops(registry, "timeout") == 1


def test_nobody_listening_is_an_error(metrics: Metrics, registry: CollectorRegistry) -> None:
    client = FetcherClient("http://127.0.0.1:1", metrics)
    with pytest.raises(FetcherUnreachableError, match="cannot be reached"):
        client.profiles(REQUEST, "id-1")
    assert hops(registry, "unreachable") == 1


@pytest.mark.parametrize(
    "respond",
    [
        answer_bytes(b"<html>"),
        answer_bytes(b"\xff"),
        answer_json([]),
        answer_json({}),
        answer_json({"results": [{}]}),
        answer_json({"results": []}),
        answer_json({"results": [found(ProfileRef(Platform.X, handle="someone_else")).to_json()]}),
        answer_json({"results": [found(REF).to_json()]}, status=503),
        answer_json({}, status=302),
    ],
)
def test_an_answer_that_was_not_agreed_is_an_error(
    server: FetcherServer, client: FetcherClient, respond: Respond
) -> None:
    server.answers = [respond]
    with pytest.raises(FetcherUnreachableError):
        client.profiles(REQUEST, "id-1")


def test_a_tickets_place_is_read(server: FetcherServer, client: FetcherClient) -> None:
    server.answers = [answer_json({"platform": "x", "position": 2, "retry_at": "2026-01-31T12:00:00Z"})]
    place = client.place("a/b?c", "id-1")
    assert (place.position, place.retry_at) == (2, datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert server.requests[0][0] == "/tickets/a%2Fb%3Fc"
    server.answers = [answer_json({"platform": None, "position": None, "retry_at": None})]
    assert client.place("gone", "id-1").position is None
    server.answers = [answer_json({"position": "first"})]
    with pytest.raises(FetcherUnreachableError, match="cannot be read"):
        client.place("odd", "id-1")
