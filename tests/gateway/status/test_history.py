from __future__ import annotations

import pytest

from gateway.status.history import EVERY_S, KEPT_S, History
from tests.gateway.fakes import Clock


class Counts:
    """Figures that a test sets."""

    def __init__(self) -> None:
        self.figures: dict[str, float] | None = {"n": 0.0}

    def __call__(self) -> dict[str, float] | None:
        return None if self.figures is None else dict(self.figures)


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def history(counts: Counts, clock: Clock) -> History:
    return History(counts, clock)


def test_it_takes_note_every_few_seconds_only(history: History, clock: Clock) -> None:
    for _ in range(10):
        history.take_note()
        clock.seconds += EVERY_S / 5
    assert len(history.moments()) == 2


def test_rates_are_those_between_moments(history: History, counts: Counts, clock: Clock) -> None:
    for number in (0.0, 10.0, 40.0):
        counts.figures = {"n": number}
        history.take_note()
        clock.seconds += EVERY_S
    assert history.rates("n") == [2.0, 6.0]
    assert history.rate("n") == 4.0
    assert history.grown("n") == 40.0


def test_what_is_older_than_the_window_is_forgotten(history: History, clock: Clock) -> None:
    history.take_note()
    clock.seconds += KEPT_S + 1
    history.take_note()
    assert len(history.moments()) == 1


def test_a_counter_that_starts_again_starts_the_history_again(history: History, counts: Counts, clock: Clock) -> None:
    counts.figures = {"n": 50.0}
    history.take_note()
    clock.seconds += EVERY_S
    counts.figures = {"n": 3.0}
    history.take_note()
    assert history.rates("n") == []
    assert history.now() == {"n": 3.0}


def test_who_does_not_answer_is_told_as_such(history: History, counts: Counts, clock: Clock) -> None:
    assert history.rate("n") is None
    counts.figures = None
    history.take_note()
    assert not history.reachable
    assert history.now() == {}
