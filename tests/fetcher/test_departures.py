"""A person who wants what a batch already waits for does not wait with the batch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contracts.fetch_api import FetchRequest, Outcome, Priority
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.cache import Cache
from fetcher.clock import SystemClock
from fetcher.errand import Errand
from fetcher.limiter.handler import Handler
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.messages import Answer, AnswerKind
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.lookup import Lookup
from fetcher.metrics import Metrics
from fetcher.sources.results import Found


class AnsweringSource:
    """Every account is not found; what was granted is settled."""

    platform, most, credential = Platform.X, 100, "c"

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.asked: list[list[str]] = []

    def method(self, *, by_handle: bool) -> str:
        return "users_by_username" if by_handle else "users_by_id"

    def health(self) -> list[dict[str, Any]]:
        return []

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> Mapping[ProfileRef, Found]:
        assert errand.passed is not None
        self.asked.append([str(ref.handle) for ref in refs])
        self._handler.settle(errand.passed, Answer(kind=AnswerKind.SERVED, billed=0))
        return {ref: Found(outcome=Outcome.NOT_FOUND, detail="None.") for ref in refs}


def test_a_person_takes_along_what_the_batch_waits_for(tmp_path: Path) -> None:
    """Of two places one is kept for people, and the batch has used the other."""
    clock = SystemClock()
    limits = read_limits(
        overrides="x.windows.users/by.limit=2; people_share=0.5; pace_from_share=0; x.budget.day_usd=0; "
        "x.budget.month_usd=0"
    )
    store = SQLiteStore(tmp_path / "store", clock)
    metrics = Metrics(CollectorRegistry())
    handler = Handler(limits, store, clock, metrics, secret=b"s")
    source = AnsweringSource(handler)
    cache = Cache(store, instagram_s=60, negative_s=60)
    lookup = Lookup({Platform.X: source}, cache, store, handler, clock, metrics=metrics, emulated=True)

    def ask(handle: str, priority: Priority, deadline_s: float) -> Outcome:
        refs = (ProfileRef(Platform.X, handle=handle),)
        (result,) = lookup.profiles(FetchRequest(accounts=refs, priority=priority, deadline_s=deadline_s))
        return result.outcome

    assert ask("first", Priority.BATCH, 1) is Outcome.NOT_FOUND
    batch: list[Outcome] = []
    # The next place for a batch is a window away, and this one would wait for it.
    waiting = Thread(target=lambda: batch.append(ask("wanted", Priority.BATCH, 2000.0)), daemon=True)
    waiting.start()
    began = time.monotonic()
    while not any(len(departures._lane) for departures in lookup._departures.values()):
        assert time.monotonic() - began < 60
        time.sleep(0.001)
    assert ask("wanted", Priority.PERSON, 60) is Outcome.NOT_FOUND
    waiting.join(60)
    assert batch == [Outcome.NOT_FOUND], "What others took along is answered at once."
    assert source.asked == [["first"], ["wanted"]]


class FailingSource(AnsweringSource):
    """Raises what no source should."""

    def fetch(self, refs: Sequence[ProfileRef], errand: Errand) -> Mapping[ProfileRef, Found]:
        raise RuntimeError(f"{len(refs)} accounts until {errand.deadline}")


@pytest.mark.parametrize("most", [1, 100])
def test_a_source_that_fails_costs_its_accounts_their_answer_and_nobody_else(tmp_path: Path, most: int) -> None:
    clock, metrics = SystemClock(), Metrics(CollectorRegistry())
    store = SQLiteStore(tmp_path / "store", clock)
    handler = Handler(read_limits(), store, clock, metrics, secret=b"s")
    source = FailingSource(handler)
    source.most = most
    cache = Cache(store, instagram_s=60, negative_s=60)
    lookup = Lookup({Platform.X: source}, cache, store, handler, clock, metrics=metrics, emulated=True)
    refs = tuple(ProfileRef(Platform.X, handle=handle) for handle in ("one", "two"))
    results = lookup.profiles(FetchRequest(accounts=refs, priority=Priority.PERSON, deadline_s=5))
    assert [result.outcome for result in results] == [Outcome.UPSTREAM_ERROR] * 2
    assert "broken off" in results[0].detail
