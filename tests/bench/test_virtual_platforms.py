"""The judge of the simulated day: what it counts and what it charges."""

from __future__ import annotations

from random import Random

from bench.virtual_platforms import DAY_S, Platforms, Timeline
from contracts.platforms import Platform
from fetcher.limiter.messages import AnswerKind

START = 20_000 * DAY_S


def test_events_happen_in_order_and_the_clock_follows() -> None:
    line, seen = Timeline(0.0), list[float]()
    for moment in (5.0, 1.0, 3.0):
        line.at(moment, lambda: seen.append(line.now))
    line.run(4.0)
    assert (seen, line.now) == ([1.0, 3.0], 4.0)


def test_a_request_over_the_limit_is_refused_and_counted() -> None:
    platforms = Platforms(Timeline(START), Random(1))
    answers = [platforms.receive(Platform.X, "users_by_id", "c") for _ in range(301)]
    assert answers[299].remaining == 0
    assert answers[300].kind is AnswerKind.RATE_LIMITED
    assert (platforms.over_limit, platforms.refused) == (1, 1)


def test_an_account_is_charged_once_a_day_however_often_it_is_asked_for() -> None:
    line = Timeline(START)
    platforms = Platforms(line, Random(1))
    for moment in (START, START + 10, START + DAY_S):
        line.now = moment
        platforms.receive(Platform.X, "users_by_id", "c", ["x:1", "x:2"])
    assert list(platforms.bill().values()) == [0.02, 0.02]
    assert max(platforms.charged.values()) == 2


def test_the_use_of_a_window_leaves_the_wiped_one_out() -> None:
    line = Timeline(START)
    platforms = Platforms(line, Random(1))
    for begin, requests in ((0, 300), (900, 150), (1800, 300), (2700, 1)):
        line.now = START + begin + begin / 900
        for _ in range(requests):
            platforms.receive(Platform.X, "users_by_id", "c")
    assert round(platforms.window_use(300, 901, but=START + 1000), 3) == 1.0
    assert round(platforms.window_use(300, 901), 2) == 0.83
