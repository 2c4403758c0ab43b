from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient

from gateway.errors import FetcherUnreachableError
from gateway.fetcher_client import Place
from tests.gateway.fakes import NOW, FakeFetcher


def test_events_are_a_stream_that_nobody_buffers(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.places["place-12"] = Place(0, NOW - timedelta(seconds=1))
    answer = client.get("/waiting/place-12")
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'event: turn\ndata: {"position": 0, "retry_at": "2026-01-31T11:59:59Z", "retry_after_s": 0}' in answer.text


def test_a_ticket_tells_its_place_as_json(client: FlaskClient, fetcher: FakeFetcher) -> None:
    fetcher.places["place-12"] = Place(4, NOW + timedelta(seconds=8.2))
    told = client.get("/api/v1/tickets/place-12").get_json()
    assert told == {"position": 4, "retry_at": "2026-01-31T12:00:08.200000Z", "retry_after_s": 9}
    nowhere = {"position": None, "retry_at": None, "retry_after_s": None}
    assert client.get("/api/v1/tickets/unheard-of").get_json() == nowhere
    assert client.get(f"/api/v1/tickets/{'x' * 300}").status_code == 422
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    assert client.get("/api/v1/tickets/place-12").get_json()["outcome"] == "upstream-error"
