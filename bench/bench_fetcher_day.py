"""A day of three fetchers above capacity, in virtual time, judged by the emulator's strict accounting.

Three fetchers on one Redis (its clock up to 30 s off the platforms'), mixed load of people and batches, random
restarts, 1% lost headers, 1% 5xx, Redis wiped once; a quarter day of one fetcher on SQLite whose clock changes at each
restart; two days with a budget. Beside it plain Tweepy and Instaloader's own RateController on the same load.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import fmean, median, quantiles
from tempfile import TemporaryDirectory

import redis

from bench.redis_process import redis_process
from bench.report import Figure
from bench.virtual_fetchers import Clock, Fetcher, Watch
from bench.virtual_peers import instaloader_day, tweepy_day
from bench.virtual_platforms import DAY_S, Platforms, Timeline
from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.limiter.limits_file import read_limits
from fetcher.limiter.redis_store import RedisStore
from fetcher.limiter.sqlite_store import SQLiteStore
from fetcher.limiter.store import Store

_START = 1_790_000_000.0 // DAY_S * DAY_S + 7 * 3600
_X, _INSTAGRAM = "users_by_username", "web_profile_info"
_PEOPLE_PER_S = {_X: 1 / 60, _INSTAGRAM: 1 / 200}
_RESTARTS = 24
_WIPED_AFTER_S = 0.6 * DAY_S
_NO_BUDGET = "x.budget.day_usd=0; x.budget.month_usd=0"


def measure() -> list[Figure]:
    """Every figure of the simulated days."""
    with redis_process() as url:
        platforms, watch = _redis_day(url)
        spent = _budget_days(url)
    over_sqlite, use_sqlite = _sqlite_quarter()
    tweepy_platforms, waits = _tweepy()
    instaloader_platforms = _instaloader()
    peers = {
        "over": {"tweepy": tweepy_platforms.over_limit, "instaloader": instaloader_platforms.over_limit},
        "wait": {"tweepy": median(waits)},
        "use": {"tweepy": tweepy_platforms.window_use(300, 900)},
    }
    use = platforms.window_use(300, 900, but=_START + _WIPED_AFTER_S)
    return [
        Figure("over_limit", platforms.over_limit, "requests", "== 0", peers["over"]),
        Figure("unprovoked_429", platforms.refused, "answers", "== 0", peers["over"]),
        Figure("window_use", use, "share", ">= 0.99", peers["use"]),
        Figure("person_wait_p50_s", median(watch.people_waits), "s", "<= 1", peers["wait"]),
        Figure("person_wait_p95_s", quantiles(watch.people_waits, n=20)[-1], "s"),
        Figure("batch_fill_mean", fmean(watch.fills), "accounts", ">= 95", {"tweepy": 1.0}),
        Figure("answers_per_day", platforms.answered, "accounts", "", {"tweepy": float(tweepy_platforms.answered)}),
        Figure("instagram_use", platforms.sent[_INSTAGRAM] / (75 * DAY_S / 660), "share"),
        Figure("over_limit_sqlite", over_sqlite, "requests", "== 0"),
        Figure("window_use_sqlite", use_sqlite, "share"),
        Figure("usd_per_new_answer", spent["usd_per_new_answer"], "USD", "<= 0.01"),
        Figure("paid_twice_in_a_day", spent["paid_twice"], "accounts", "== 0"),
        Figure("asked_twice_after_a_kill", spent["asked_twice"], "accounts"),
        Figure("most_spent_in_a_day", spent["most"], "USD", "<= 5"),
    ]


def _handles(prefix: str, platform: Platform) -> Iterator[ProfileRef]:
    return (ProfileRef(platform, handle=f"{prefix}{number}") for number in itertools.count())


def _arrivals(random: Random, rate: float, seconds: float) -> list[float]:
    moments, moment = list[float](), _START
    while (moment := moment + random.expovariate(rate)) < _START + seconds:
        moments.append(moment)
    return moments


def _people(
    random: Random, line: Timeline, fetchers: list[Fetcher], seconds: float, ref: Callable[[str], ProfileRef]
) -> None:
    for method, rate in _PEOPLE_PER_S.items():
        for moment in _arrivals(random, rate, seconds):
            line.at(moment, lambda method=method: random.choice(fetchers).person(method, ref(method)))


def _restarts(random: Random, line: Timeline, fetchers: list[Fetcher], seconds: float, skew: float) -> None:
    for _ in range(round(_RESTARTS * seconds / DAY_S)):
        moment = _START + random.uniform(0, seconds)
        line.at(moment, lambda: random.choice(fetchers).start(random.uniform(-skew, skew)))


def _redis_day(url: str) -> tuple[Platforms, Watch]:
    """Three fetchers on one Redis, whose clock is 30 s ahead of the platforms' and 30 s behind after the wipe."""
    random, line = Random(4), Timeline(_START)
    platforms = Platforms(line, random, lost_headers=0.01, server_errors=0.01)
    watch, skew = Watch(), [30.0]
    serial = itertools.count()

    def opened(_: Clock) -> Store:
        return RedisStore(url, "day", now=lambda: line.now + skew[0])

    fetchers = [
        Fetcher(
            open_store=opened, limits=read_limits(overrides=_NO_BUDGET), line=line, platforms=platforms, random=random,
            watch=watch, cached=False,
            batch={_X: _handles(f"b{n}_", Platform.X), _INSTAGRAM: _handles(f"b{n}_", Platform.INSTAGRAM)},
        )
        for n in range(3)
    ]  # fmt: skip

    def wipe() -> None:
        skew[0] = -30.0
        with redis.Redis.from_url(url) as client:
            client.flushall()

    line.at(_START + _WIPED_AFTER_S, wipe)
    _restarts(random, line, fetchers, DAY_S, 30.0)
    _people(random, line, fetchers, DAY_S, lambda method: _someone(f"p{next(serial)}", method))
    line.run(_START + DAY_S)
    return platforms, watch


def _someone(handle: str, method: str) -> ProfileRef:
    return ProfileRef(Platform.X if method == _X else Platform.INSTAGRAM, handle=handle)


def _sqlite_quarter() -> tuple[int, float]:
    """One fetcher on SQLite, whose clock is another one after each restart, within the tolerance."""
    seconds = DAY_S / 4
    random, line = Random(5), Timeline(_START)
    platforms = Platforms(line, random, lost_headers=0.01, server_errors=0.01)
    with TemporaryDirectory() as folder:
        fetcher = Fetcher(
            open_store=lambda clock: SQLiteStore(Path(folder) / "day.sqlite3", clock),
            limits=read_limits(overrides=_NO_BUDGET), line=line, platforms=platforms, random=random, watch=Watch(),
            cached=False, batch={_X: _handles("b", Platform.X)},
        )  # fmt: skip
        _restarts(random, line, [fetcher], seconds, 15.0)
        line.run(_START + seconds)
    return platforms.over_limit, platforms.window_use(300, 900)


def _budget_days(url: str) -> dict[str, float]:
    """Two days with the default budget, over two midnights, and accounts that are asked for again and again."""
    random, line = Random(6), Timeline(_START)
    platforms = Platforms(line, random, lost_headers=0.01, server_errors=0.01)
    watch = Watch()

    def again() -> Iterator[ProfileRef]:
        while True:
            yield ProfileRef(Platform.X, handle=f"a{min(int(random.expovariate(1 / 800)), 99_999)}")

    fetchers = [
        Fetcher(
            open_store=lambda _: RedisStore(url, "budget", now=lambda: line.now + 30.0), limits=read_limits(),
            line=line, platforms=platforms, random=random, watch=watch, cached=True, batch={_X: again()},
        )
        for _ in range(3)
    ]  # fmt: skip
    _restarts(random, line, fetchers, 2 * DAY_S, 30.0)
    line.run(_START + 2 * DAY_S)
    bill = platforms.bill()
    twice = [account for (_, account), count in platforms.charged.items() if count > 1]
    return {
        "usd_per_new_answer": sum(bill.values()) / max(1, len(platforms.charged)),
        "asked_twice": len(twice),
        "paid_twice": sum(account not in watch.lost_in_a_kill for account in twice),
        "most": max(bill.values()),
    }


def _tweepy() -> tuple[Platforms, list[float]]:
    random, line = Random(4), Timeline(_START)
    platforms = Platforms(line, random, lost_headers=0.01, server_errors=0.01)
    people = _arrivals(random, _PEOPLE_PER_S[_X], DAY_S)
    return platforms, tweepy_day(platforms, people, _START + DAY_S)


def _instaloader() -> Platforms:
    random, line = Random(4), Timeline(_START)
    platforms = Platforms(line, random, lost_headers=0.01, server_errors=0.01)
    restarts = sorted(_START + random.uniform(0, DAY_S) for _ in range(_RESTARTS))
    instaloader_day(platforms, restarts, _START + DAY_S)
    return platforms
