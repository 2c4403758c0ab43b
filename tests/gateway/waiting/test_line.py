from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest

from gateway.errors import FetcherUnreachableError
from gateway.fetcher_client import Place
from gateway.waiting.line import STREAM_S, WaitingLine
from tests.gateway.fakes import NOW, Clock, FakeFetcher

DUE = NOW + timedelta(seconds=60)


@pytest.fixture
def line(fetcher: FakeFetcher, clock: Clock) -> WaitingLine:
    def now() -> datetime:
        return NOW + timedelta(seconds=clock.seconds)

    def sleep(seconds: float) -> None:
        clock.seconds += seconds

    return WaitingLine(fetcher, streams_at_most=2, now=now, clock=clock, sleep=sleep)


def told(events: Iterator[str]) -> list[tuple[str, object]]:
    found = []
    for event in events:
        if event.startswith("event: "):
            name, data = event.rstrip("\n").split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))["position"]))
    return found


def test_a_stream_tells_the_place_once_and_ends_after_some_seconds(
    line: WaitingLine, fetcher: FakeFetcher, clock: Clock
) -> None:
    fetcher.places["t"] = Place(3, DUE)
    assert told(line.events("t", "id")) == [("place", 3)]
    assert clock.seconds == STREAM_S


def test_it_tells_when_others_leave(line: WaitingLine, fetcher: FakeFetcher) -> None:
    fetcher.places["t"] = Place(1, DUE)
    events = line.events("t", "id")
    first = list(islice(events, 2))
    fetcher.places["t"] = Place(0, DUE)
    assert told(iter([*first, *events])) == [("place", 1), ("place", 0)]


def test_it_tells_whose_turn_it_is_at_that_moment(line: WaitingLine, fetcher: FakeFetcher, clock: Clock) -> None:
    fetcher.places["t"] = Place(0, NOW + timedelta(seconds=3))
    assert told(line.events("t", "id")) == [("place", 0), ("turn", 0)]
    assert clock.seconds == 3


def test_beyond_the_streams_there_is_one_event_and_a_longer_pause(line: WaitingLine, fetcher: FakeFetcher) -> None:
    fetcher.places["t"] = Place(3, DUE)
    open_ones = [line.events("t", "id") for _ in range(2)]
    assert [next(each) for each in open_ones] == ["retry: 1000\n\n"] * 2
    further = list(line.events("t", "id"))
    assert further[0] == "retry: 5000\n\n"
    assert len(further) == 2
    open_ones[0].close()  # type: ignore[attr-defined]
    assert next(line.events("t", "id")) == "retry: 1000\n\n"


def test_a_fetcher_that_is_away_ends_no_stream(line: WaitingLine, fetcher: FakeFetcher) -> None:
    fetcher.places["t"] = Place(2, DUE)
    events = line.events("t", "id")
    first = list(islice(events, 2))
    fetcher.trouble = FetcherUnreachableError("The fetcher cannot be reached.")
    assert told(iter([*first, *events])) == [("place", 2)]


def test_a_ticket_that_keeps_no_place_says_so(line: WaitingLine) -> None:
    assert told(line.events("gone", "id")) == [("place", None)]
